// What was edited and may not be safe yet: so that nothing is lost when the
// connection breaks or the instrument starts again. It sends nothing by itself.
//
// A snapshot of the instrument is kept, and every edit since. Back at the same
// instrument, what was never sent is sent, and what was sent without an answer is
// sent again if twice is as good as once; else its author is told. Back at one that
// was restarted, the snapshot is restored and all edits since are made again, but those
// that were for the moment. What is without an answer twice may be what breaks the
// connection, and is given up.

/** @import { ClientMessage, ServerMessage } from '../link/connection.js' */

/** What changes nothing that lasts: lost with the connection, and told so. */
const QUESTIONS = new Set(['hello', 'listen', 'touch', 'show', 'snapshot', 'compile', 'waveform']);

/** What made twice is not the same as made once. */
const STEPS = new Set(['swap', 'mutate', 'add-layer', 'remove-layer', 'undo', 'redo']);

/** What is no part of a snapshot, and not made again once it is done. */
const MOMENTS = new Set(['play', 'seek', 'save-preset', 'delete-preset']);

/** As often as this without an answer, an edit is given up. */
const BREAKS = 2;

/** What another start of the instrument no longer knows. */
const PAST = new Set(['undo', 'redo']);

/** @param {ClientMessage} ask */
export function isEdit(ask) {
    return !QUESTIONS.has(ask.type);
}

/**
 * An edit without chance in it, so that it can be made again.
 * @param {ClientMessage} ask
 * @param {() => number} chance 0 to 1
 * @returns {ClientMessage}
 */
export function certain(ask, chance = Math.random) {
    if ((ask.type === 'random' || ask.type === 'mutate') && ask.seed === undefined) {
        return { ...ask, seed: Math.floor(chance() * 1e6) };
    }
    return ask;
}

/**
 * An edit on its way.
 * @typedef {object} Entry
 * @property {number} number in the order of asking
 * @property {ClientMessage} ask
 * @property {'new' | 'sent' | 'unsure' | 'done'} is `unsure`: sent, and not answered
 * @property {number} breaks how often the connection broke before it was answered
 * @property {(tell: ServerMessage) => void} resolve
 * @property {(problem: Error) => void} reject
 */

/** Edits since the last snapshot, and the snapshot. */
export class Journal {
    constructor() {
        /** @type {Entry[]} */
        this.entries = [];
        this.numbers = 0;
        /** What {@link ClientMessage} `restore` takes. @type {string | null} */
        this.snapshot = null;
    }

    /**
     * Takes an edit in.
     * @param {ClientMessage} ask
     * @returns {{ entry: Entry, answer: Promise<ServerMessage> }}
     */
    add(ask) {
        /** @type {Entry} */
        let entry = /** @type {any} */ (null);
        const answer = new Promise((/** @type {(tell: ServerMessage) => void} */ resolve, reject) => {
            entry = { number: (this.numbers += 1), ask, is: 'new', breaks: 0, resolve, reject };
        });
        this.entries.push(entry);
        return { entry, answer };
    }

    /** @param {Entry} entry what is not done and will not be */
    drop(entry) {
        const at = this.entries.indexOf(entry);
        if (at >= 0) this.entries.splice(at, 1);
    }

    /** @param {Entry} entry what is done */
    done(entry) {
        entry.is = 'done';
        if (MOMENTS.has(entry.ask.type)) this.drop(entry);
    }

    /**
     * The connection broke before an answer.
     * @param {Entry} entry
     * @returns {boolean} whether it may be sent again
     */
    broke(entry) {
        entry.is = 'unsure';
        entry.breaks += 1;
        if (entry.breaks < BREAKS) return true;
        this.drop(entry);
        return false;
    }

    /** The next edit that is to be sent. */
    get next() {
        return this.entries.find(({ is }) => is === 'new');
    }

    /** The last edit that was sent: what a snapshot that is asked for now will have. */
    get mark() {
        const sent = this.entries.filter(({ is }) => is !== 'new');
        return sent.at(-1)?.number ?? 0;
    }

    /**
     * @param {string} snapshot
     * @param {number} mark as it was when the snapshot was asked for
     */
    keep(snapshot, mark) {
        this.snapshot = snapshot;
        this.entries = this.entries.filter(({ number, is }) => is !== 'done' || number > mark);
    }

    /**
     * Back at the instrument that was left: what may be sent again is new again.
     * @returns {Entry[]} what may or may not be done, and must not be done twice
     */
    same() {
        return this.again(({ ask, is }) => is === 'unsure' && !STEPS.has(ask.type));
    }

    /**
     * The snapshot was restored, in another start of the instrument: all that was done
     * since is new again.
     * @returns {Entry[]} what can no longer be done
     */
    other() {
        return this.again(({ ask }) => !PAST.has(ask.type));
    }

    /**
     * @param {(entry: Entry) => boolean} may be sent again
     * @returns {Entry[]} those that are not sure and may not: they are dropped
     */
    again(may) {
        for (const entry of this.entries) if (may(entry)) entry.is = 'new';
        const unknown = this.entries.filter(({ is }) => is === 'unsure' || is === 'sent');
        for (const entry of unknown) this.drop(entry);
        return unknown;
    }
}
