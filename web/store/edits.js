// Delivers edits in order, and saves snapshots so that edits can be repeated after the
// instrument restarts. The journal says which edits may be sent, and how often.

import { Disconnected } from '../link/connection.js';
import { Journal, withSeed } from './journal.js';

/** @import { ClientMessage, Connection, ServerMessage } from '../link/connection.js' */
/** @import { Entry } from './journal.js' */
/** @import { Store } from './store.js' */
/** @import { State } from '../types/State' */

/** Edits that name nodes of the network. */
const NODES = ['paint', 'rewire'];

/** A snapshot is taken after this pause in changes, or this long after the first change. */
const QUIET_MILLISECONDS = 1000;
const LATEST_MILLISECONDS = 5000;

export class Edits {
    /** @param {Store} store */
    constructor(store) {
        this.store = store;
        this.journal = new Journal();
        /** True while an edit is sent that may have broken the connection. */
        this.suspect = false;
        /** Time of the first change since the last snapshot, in milliseconds. */
        this.changedAt = 0;
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        this.timer = undefined;
    }

    /**
     * Sends an edit as soon as the link is ready.
     * @param {ClientMessage} message
     * @returns {Promise<ServerMessage>} the reply
     */
    add(message) {
        const reply = this.journal.add(withTarget(withSeed(message), this.store.state));
        void this.flush();
        return reply;
    }

    /** Sends the edits that wait. */
    async flush() {
        const { link } = this.store;
        while (link.current && link.state === 'ready' && !this.suspect) {
            const entry = this.journal.next;
            if (!entry) return;
            const sent = this.deliver(link.current, entry);
            if (entry.breaks === 0) continue;
            // The others wait, so that none of them is blamed for the next break.
            this.suspect = true;
            await sent;
            this.suspect = false;
        }
    }

    /** @param {Connection} connection @param {Entry} entry */
    async deliver(connection, entry) {
        const { journal, store } = this;
        entry.status = 'sent';
        entry.revision = store.revision.edits;
        try {
            const reply = await connection.request(entry.message);
            entry.revision = store.revision.edits;
            journal.done(entry);
            entry.resolve(reply);
            store.emit('done', entry.message);
        } catch (problem) {
            if (!(problem instanceof Disconnected)) {
                journal.drop(entry);
                entry.reject(/** @type {Error} */ (problem));
            } else if (connection === store.link.current && !journal.unanswered(entry)) {
                entry.reject(new Disconnected(`The connection broke twice while "${entry.message.type}" was on its way: it is not sent again.`));
            }
            // After a switch, the new instrument has been sent the edit.
        }
    }

    /**
     * Sends edits again after the link was restored.
     * @param {Entry[]} unknown edits that may be done and are not sent again
     */
    resume(unknown) {
        for (const { message, reject } of unknown) {
            reject(new Disconnected(`The connection broke; whether "${message.type}" was done is not known.`));
        }
        void this.flush();
        this.scheduleSnapshot();
    }

    /** Starts a new journal; edits that are not done are rejected. */
    reset() {
        const { entries } = this.journal;
        this.journal = new Journal();
        for (const { status, message, reject } of entries) {
            if (status !== 'done') reject(new Disconnected(`Another network plays now: "${message.type}" was not done.`));
        }
    }

    /** Takes a snapshot soon. */
    scheduleSnapshot() {
        const now = this.store.now();
        if (this.timer === undefined) this.changedAt = now;
        clearTimeout(this.timer);
        const latest = this.changedAt + LATEST_MILLISECONDS - now;
        this.timer = setTimeout(() => void this.saveSnapshot(), Math.max(0, Math.min(QUIET_MILLISECONDS, latest)));
    }

    async saveSnapshot() {
        clearTimeout(this.timer);
        this.timer = undefined;
        const { journal, store } = this;
        const { current, state } = store.link;
        if (!current || state !== 'ready') return;
        const { lastSent } = journal;
        try {
            const reply = await current.request({ type: 'snapshot' });
            if (reply.type !== 'snapshot' || current !== store.link.current || journal !== this.journal) return;
            const { snapshot, t } = reply;
            journal.setSnapshot(snapshot, lastSent, store.revision.edits);
            store.emit('snapshot', { snapshot, t, playing: store.state.transport?.playing ?? true });
        } catch {
            // The next change or greeting schedules another one.
        }
    }
}

/**
 * Returns an edit with the network and the layer that it is meant for, which are those that
 * the player sees now. The instrument refuses it if they are gone when it arrives.
 * @param {ClientMessage} message
 * @param {State} state
 * @returns {ClientMessage}
 */
function withTarget(message, { network, layers }) {
    const target = {
        ...NODES.includes(message.type) && { network: network?.target },
        ...'layer' in message && { layer: layers?.layers[message.layer ?? -1]?.name },
    };
    return target.network || target.layer !== undefined ? { ...message, target } : message;
}
