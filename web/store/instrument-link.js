// The link to the instrument as a state machine: connects, recovers after breaks and
// restarts, and switches to another instrument.
//
//   disconnected -> greeted (welcomed, waits for the state) -> ready (edits are sent)
//   greeted or ready -> restoring (plays on from a snapshot, edits wait) -> ready
//
// A lost connection leads to `disconnected` from anywhere. A switch prepares the `next`
// connection meanwhile, and then replaces the current one.

import { Connection, Disconnected } from '../link/connection.js';
import { Journal } from './journal.js';
import { keepToken, keptToken } from './pairing.js';

/** @import { Connect, ServerMessage } from '../link/connection.js' */
/** @import { State } from '../types/State' */
/** @import { Mode, Store } from './store.js' */

/** @typedef {'disconnected' | 'greeted' | 'restoring' | 'ready'} LinkState */

/**
 * The music of an instrument, to play on elsewhere.
 * @typedef {object} Playback
 * @property {string} snapshot
 * @property {number} t
 * @property {boolean} playing
 * @property {boolean} [resume] true if the instrument refuses it when it plays something newer
 */

/** After a longer absence others may have played on, and the player is asked first. */
const SHORT_ABSENCE_MILLISECONDS = 60_000;
/** Time limits of a switch, for: the snapshot of the old instrument; restoring it on the
 * new one; preparing the new one; its first status, sent five times a second. */
const SNAPSHOT_MILLISECONDS = 2000;
const RESTORE_MILLISECONDS = 10_000;
const PREPARE_MILLISECONDS = 30_000;
const STATUS_MILLISECONDS = 500;

export class InstrumentLink {
    /** @param {Store} store */
    constructor(store) {
        this.store = store;
        /** @type {LinkState} */
        this.state = 'disconnected';
        /** The connection in use. @type {Connection | null} */
        this.current = null;
        /** The connection that is switched to. @type {Connection | null} */
        this.next = null;
        /** The token of the server's instrument, perhaps from an earlier visit. @type {string | undefined} */
        this.token = keptToken();
        /** The state and time before the instrument restarted, until its new state arrives. @type {{ state: State, t: number } | null} */
        this.before = null;
        /** The number of edits that the restarted instrument has resumed without this page's
         * help; null if it was not restarted. @type {number | null} */
        this.contained = null;
        /** Playback to restore, kept until that succeeds or is refused. @type {Playback | null} */
        this.pending = null;
        /** The music before a restart, until the player decides. @type {{ journal: Journal, playback: Playback } | null} */
        this.previous = null;
        /** Fingerprint of what the server's instrument played when it was last left. */
        this.leftServer = '';
        this.lostAt = 0;
    }

    /**
     * Connects; if there is a connection, prepares another instrument, plays on there, and
     * only then leaves the current one.
     * @param {Connect} connect
     * @param {Mode} mode
     * @param {object} [options]
     * @param {(next: Connection) => Promise<boolean>} [options.prepare] prepares the new
     *   instrument; true if that made it play something else
     * @param {() => Promise<boolean>} [options.confirmReplace] asks the player whether to
     *   replace what others may be playing there
     * @returns {Promise<boolean>} false if the new instrument keeps what it plays
     * @throws {Error} if the switch fails; then nothing has changed
     */
    async switchTo(connect, mode, { prepare, confirmReplace } = {}) {
        const { current: old, store } = this;
        const { edits } = store;
        if (!old) {
            this.current = this.open(mode);
            store.setConnection({ mode, state: 'connecting', reason: '' });
            await this.current.begin(connect).catch((problem) => { this.current = null; throw problem; });
            return true;
        }
        /** @type {ServerMessage[]} */
        const held = [];
        let counted = (/** @type {number} */ _) => {};
        const clients = new Promise((/** @type {typeof counted} */ resolve) => { counted = resolve; });
        const next = this.open(mode, (message) => {
            held.push(message);
            if (message.type === 'status') counted(message.clients);
        });
        this.next = next;
        const from = store.connection.mode;
        let replaced = true;
        try {
            await next.begin(connect);
            await next.ready();
            const own = prepare ? await within(PREPARE_MILLISECONDS, prepare(next)) : false;
            const nextState = () => Object.assign({}, ...held.filter(({ type }) => type === 'state'));
            if (confirmReplace) {
                const count = await within(STATUS_MILLISECONDS, clients).catch(() => 1);
                replaced = (count === 1 && fingerprint(nextState()) === this.leftServer) || await confirmReplace();
            }
            const playback = !own && replaced ? await this.capture(old) : null;
            if (playback) await within(RESTORE_MILLISECONDS, restore(next, playback, nextState));
            // The edits of the old instrument are no part of what plays there.
            if (own || !replaced) edits.reset();
        } catch (problem) {
            next.close();
            throw problem;
        } finally {
            this.next = null;
            store.setConnection({ pairing: null });
        }
        if (from === 'connected') this.leftServer = fingerprint(store.state);
        this.current = next;
        this.state = 'restoring';
        this.pending = null;
        this.before = null;
        old.close();
        store.setConnection({ mode, state: next.state, reason: next.reason });
        for (const message of held) store.receive(message);
        this.finish(edits.journal.restored());
        return replaced;
    }

    /** @param {string} code the pairing code that the player typed */
    pair(code) {
        (this.next ?? this.current)?.greet(code);
    }

    cancelSwitch() {
        this.next?.close('Everything stays as it was.');
    }

    /** Plays again what played before the instrument restarted. */
    async restorePrevious() {
        const { previous } = this;
        const { edits } = this.store;
        if (!previous) return;
        // Edits made meanwhile belong to what plays now.
        edits.reset();
        edits.journal = previous.journal;
        this.pending = previous.playback;
        this.setPrevious(null);
        await this.recover();
    }

    /** Keeps what the restarted instrument plays. */
    discardPrevious() {
        const entries = this.previous?.journal.entries ?? [];
        this.setPrevious(null);
        for (const { reject } of entries) reject(new Disconnected(''));
    }

    /**
     * @param {Mode} mode
     * @param {(message: ServerMessage) => void} [hold] takes messages until the connection
     *   is the current one
     */
    open(mode, hold) {
        const { store } = this;
        const connection = new Connection({
            onmessage: (message) => {
                if (connection === this.current) this.receive(message);
                else hold?.(message);
            },
            onframe: (data) => {
                if (connection === this.current) store.receiveFrame(data);
            },
            onstate: (state, reason) => {
                if (mode === 'connected' && (state === 'open' || state === 'pairing')) {
                    this.token = connection.token;
                    keepToken(this.token);
                }
                if (connection === this.next) store.setConnection({ pairing: state === 'pairing' ? reason : null });
                if (connection !== this.current) return;
                if (state !== 'open') {
                    if (store.connection.state === 'open') this.lostAt = store.now();
                    this.state = 'disconnected';
                }
                store.setConnection({ mode, state, reason });
            },
        });
        connection.token = mode === 'connected' ? this.token : undefined;
        return connection;
    }

    /** @param {ServerMessage} message */
    receive(message) {
        const { store } = this;
        if (message.type === 'welcome') {
            const restarted = store.welcome !== null && store.welcome.start !== message.start;
            this.before = restarted ? { state: store.state, t: store.t } : null;
            this.contained = null;
            this.state = 'greeted';
        }
        store.receive(message);
        if (message.type === 'state' && this.state === 'greeted') {
            this.checkRestart();
            void this.recover();
        }
    }

    /** Decides whether a restarted instrument gets back what it played. */
    checkRestart() {
        const { before, store } = this;
        const { journal } = store.edits;
        this.before = null;
        if (!before || this.pending || journal.snapshot === null) return;
        const playback = { snapshot: journal.snapshot, t: before.t, playing: before.state.transport?.playing ?? true };
        if (fingerprint(before.state) === fingerprint(store.state)) {
            this.contained = Infinity;
        } else if (store.revision.resumed >= journal.revision) {
            // The instrument has restored its state itself, or another page did.
            this.contained = store.revision.resumed;
        } else if (store.now() - this.lostAt < SHORT_ABSENCE_MILLISECONDS && isUntouched(store.revision)) {
            this.pending = { ...playback, resume: true };
        } else {
            this.ask(playback);
        }
    }

    /** Sets aside what played before a restart until the player decides. @param {Playback} playback */
    ask(playback) {
        const { edits } = this.store;
        if (this.previous) {
            // Restarted twice before the player decided: the first one counts.
            edits.reset();
        } else {
            const { journal } = edits;
            edits.journal = new Journal();
            this.setPrevious({ journal, playback });
        }
    }

    /** Restores what is pending, if anything, then sends the edits that wait. */
    async recover() {
        const { current, pending, store } = this;
        const { edits } = store;
        if (!pending || !current) {
            this.finish(this.contained === null ? edits.journal.reconnected() : edits.journal.restored(this.contained));
            return;
        }
        this.state = 'restoring';
        let restored = true;
        try {
            await restore(current, pending, () => store.state);
        } catch (problem) {
            // Lost again: tried again after the next greeting.
            if (problem instanceof Disconnected) return;
            restored = false;
            if (pending.resume && current === this.current && await this.overtaken(pending)) return;
            store.report(problem);
        }
        this.pending = null;
        if (current === this.current) this.finish(restored ? edits.journal.restored() : edits.journal.reconnected());
    }

    /**
     * Decides again if another page or player was quicker to play something.
     * @param {Playback} playback that the instrument has refused
     * @returns {Promise<boolean>} false if it was refused for another reason
     */
    async overtaken(playback) {
        const { edits: { journal }, revision } = this.store;
        const isContained = revision.resumed >= journal.revision;
        if (!isContained && isUntouched(revision)) return false;
        this.pending = null;
        if (isContained) this.contained = revision.resumed;
        else this.ask({ ...playback, resume: false });
        await this.recover();
        return true;
    }

    /** @param {import('./journal.js').Entry[]} unknown edits that are not sent again */
    finish(unknown) {
        this.state = this.current?.state === 'open' ? 'ready' : 'disconnected';
        this.store.edits.resume(unknown);
    }

    /**
     * Takes along what the old instrument plays.
     * @param {Connection} old
     * @returns {Promise<Playback | null>}
     */
    async capture(old) {
        // Not restored yet, so the old instrument plays something else.
        if (this.pending) return this.pending;
        const { edits: { journal }, state: { transport }, t } = this.store;
        const { lastSent } = journal;
        const playing = transport?.playing ?? true;
        const reply = this.state === 'ready'
            && await within(SNAPSHOT_MILLISECONDS, old.request({ type: 'snapshot' })).catch(() => null);
        if (reply && reply.type === 'snapshot') {
            journal.setSnapshot(reply.snapshot, lastSent, this.store.revision.edits);
            return { snapshot: reply.snapshot, t: reply.t, playing };
        }
        // The instrument is away or hangs: the latest snapshot has to do.
        const { snapshot } = journal;
        return snapshot === null ? null : { snapshot, t, playing };
    }

    /** @param {InstrumentLink['previous']} previous */
    setPrevious(previous) {
        this.previous = previous;
        this.store.setConnection({ restorable: previous !== null });
    }
}

/**
 * Returns a text that is the same for states that sound the same.
 * @param {State} state
 */
function fingerprint({ network, layers, parameters }) {
    return JSON.stringify([network?.file, layers?.layers, parameters]);
}

/**
 * Returns true if nothing was edited since the instrument started.
 * @param {import('../types/Revision').Revision} revision
 */
function isUntouched({ edits, resumed }) {
    return edits === resumed;
}

/**
 * Plays on from a snapshot. If it was paused, pauses first, so that nothing is heard.
 * @param {Connection} connection
 * @param {Playback} playback
 * @param {() => State} state returns the latest state of the instrument
 */
export async function restore(connection, { snapshot, t, playing, resume }, state) {
    const plays = state().transport?.playing ?? true;
    if (plays && !playing) await connection.request({ type: 'play', playing: false });
    try {
        await connection.request({ type: resume ? 'resume' : 'restore', snapshot, t });
    } catch (problem) {
        if (plays && !playing) connection.send({ type: 'play', playing: true });
        throw problem;
    }
    if (!plays && playing) await connection.request({ type: 'play', playing: true });
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 * @throws {Disconnected} if the promise takes longer
 */
function within(milliseconds, promise) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((/** @type {(_: never) => void} */ _, reject) => {
        timer = setTimeout(() => reject(new Disconnected('The instrument does not answer.')), milliseconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
