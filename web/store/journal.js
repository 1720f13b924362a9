// Edits since the last snapshot of the instrument: decides which of them to send again
// after the connection broke or the instrument restarted. Sends nothing.
//
// Back at the same instrument, unsent edits are sent, and unanswered ones are sent again if
// they are idempotent; otherwise their caller is told. At a restarted instrument, once a
// snapshot is restored, all edits that it does not contain are sent again, except those
// that no snapshot contains. An edit that is unanswered twice may be what breaks the connection, and is
// given up.

import { COMMANDS } from './commands.js';

/** @import { ClientMessage, ServerMessage } from '../link/connection.js' */

/** Breaks without a reply after which an edit is given up. */
const MAX_BREAKS = 2;

/** @param {ClientMessage} message */
const effectOf = (message) => COMMANDS[message.type]?.effect ?? 'view';

/**
 * False for messages that change nothing lasting: they fail while the instrument is away.
 * @param {ClientMessage} message
 */
export function isEdit(message) {
    return effectOf(message) !== 'view';
}

/**
 * Returns the edit with a seed if it is random, so that it can be repeated.
 * @param {ClientMessage} message
 * @param {() => number} random 0 to 1
 * @returns {ClientMessage}
 */
export function withSeed(message, random = Math.random) {
    if ((message.type === 'random' || message.type === 'mutate') && message.seed === undefined) {
        return { ...message, seed: Math.floor(random() * 1e6) };
    }
    return message;
}

/**
 * @typedef {object} Entry
 * @property {number} number in the order of requests
 * @property {ClientMessage} message
 * @property {'new' | 'sent' | 'unknown' | 'done'} status `unknown`: sent, but the
 *   connection broke before a reply
 * @property {number} revision the instrument's number of edits when this one was sent, or
 *   was done
 * @property {number} breaks times that the connection broke before a reply
 * @property {(reply: ServerMessage) => void} resolve
 * @property {(problem: Error) => void} reject
 */

export class Journal {
    constructor() {
        /** @type {Entry[]} */
        this.entries = [];
        this.lastNumber = 0;
        /** For the message `restore`. @type {string | null} */
        this.snapshot = null;
        /** The number of edits that led to the snapshot. */
        this.revision = 0;
    }

    /**
     * @param {ClientMessage} message
     * @returns {Promise<ServerMessage>} the reply
     */
    add(message) {
        return new Promise((resolve, reject) => {
            this.entries.push({ number: (this.lastNumber += 1), message, status: 'new', revision: 0, breaks: 0, resolve, reject });
        });
    }

    /** @param {Entry} entry */
    drop(entry) {
        const i = this.entries.indexOf(entry);
        if (i >= 0) this.entries.splice(i, 1);
    }

    /** @param {Entry} entry */
    done(entry) {
        entry.status = 'done';
        if (effectOf(entry.message) === 'unsaved') this.drop(entry);
    }

    /**
     * Notes that the connection broke before a reply.
     * @param {Entry} entry
     * @returns {boolean} true if the edit may be sent again; otherwise it is dropped
     */
    unanswered(entry) {
        entry.status = 'unknown';
        entry.breaks += 1;
        if (entry.breaks < MAX_BREAKS) return true;
        this.drop(entry);
        return false;
    }

    /** The next edit to send. */
    get next() {
        return this.entries.find(({ status }) => status === 'new');
    }

    /** Number of the last edit that was sent: a snapshot requested now will contain it. */
    get lastSent() {
        const sent = this.entries.filter(({ status }) => status !== 'new');
        return sent.at(-1)?.number ?? 0;
    }

    /**
     * @param {string} snapshot
     * @param {number} lastSent at the time when the snapshot was requested
     * @param {number} revision the number of edits that led to it
     */
    setSnapshot(snapshot, lastSent, revision) {
        this.snapshot = snapshot;
        this.revision = revision;
        this.entries = this.entries.filter(({ number, status }) => status !== 'done' || number > lastSent);
    }

    /**
     * Prepares to send edits again to the same instrument.
     * @returns {Entry[]} edits that may be done, and must not be done twice
     */
    reconnected() {
        return this.requeue(({ message, status }) => status === 'unknown' && COMMANDS[message.type].idempotent);
    }

    /**
     * Prepares to send edits again to an instrument that plays on from a snapshot.
     * @param {number} [contained] the number of edits in the snapshot, if it is not this one
     * @returns {Entry[]} edits that can no longer be done, or may be done already
     */
    restored(contained = -1) {
        this.entries = this.entries.filter(({ status, revision }) => status !== 'done' || revision > contained);
        return this.requeue(({ message, status, revision }) => effectOf(message) !== 'history'
            && (status !== 'unknown' || revision >= contained || COMMANDS[message.type].idempotent));
    }

    /**
     * @param {(entry: Entry) => boolean} again true for edits to send again
     * @returns {Entry[]} other edits without a reply, which are dropped
     */
    requeue(again) {
        for (const entry of this.entries) if (again(entry)) entry.status = 'new';
        const unknown = this.entries.filter(({ status }) => status === 'unknown' || status === 'sent');
        for (const entry of unknown) this.drop(entry);
        return unknown;
    }
}
