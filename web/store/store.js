// The page's copy of the instrument's state, and the only way to change the instrument.
//
// Dispatches an event for each change, named after the section, with the section as
// `detail`: `welcome`, `status`, `connection`, `activity`, `display`, `sound`, and those of
// the state (`network`, `layers`, `touched`, `parameters`, `controls`, `midi`, `library`,
// `presets`, `transport`, `history`, `page`, `notice`). Also `problem`, a sentence for the player;
// `snapshot`, what plays, to be saved; and `done`, an edit that the instrument has made.

import { Disconnected } from '../link/connection.js';
import { decodeFrame } from '../link/frames.js';
import { Edits } from './edits.js';
import { InstrumentLink } from './instrument-link.js';
import { isEdit } from './journal.js';
import { changed } from './layers.js';
import { playing } from './playing.js';

/** @import { ClientMessage, ConnectionState, Progress, ServerMessage } from '../link/connection.js' */
/** @import { State } from '../types/State' */
/** @import { Status } from '../types/Status' */
/** @import { Welcome } from '../types/Welcome' */
/** @import { Parameter } from '../types/Parameter' */
/** @import { Activity, Display } from '../link/frames.js' */
/** @import { Playing } from './playing.js' */

/** Where the instrument runs: on the server of this page, or in the page. @typedef {'connected' | 'alone'} Mode */

/**
 * @typedef {object} ConnectionInfo
 * @property {Mode} mode
 * @property {ConnectionState} state
 * @property {string} reason a sentence on why it is not open
 * @property {boolean} restorable true if the instrument was restarted, and the player can
 *   have back what played before
 * @property {string | null} pairing not null if the instrument that is switched to asks for
 *   a code; the reason why the last code was refused
 */

/** Sections that a snapshot contains. */
const SAVED = ['network', 'layers', 'parameters', 'controls', 'transport'];

export class Store extends EventTarget {
    /** @param {{ now?: () => number }} [options] a clock in milliseconds, for tests */
    constructor({ now = () => performance.now() } = {}) {
        super();
        this.now = now;
        /** @type {Welcome | null} */
        this.welcome = null;
        /** The latest of each section. @type {State} */
        this.state = {};
        /** What plays. @type {Playing} */
        this.playing = playing({});
        /** @type {Status | null} */
        this.status = null;
        /** @type {Activity | null} */
        this.activity = null;
        /** @type {Display | null} */
        this.display = null;
        /** @type {ConnectionInfo} */
        this.connection = { mode: 'connected', state: 'connecting', reason: '', restorable: false, pairing: null };
        /** True if this page wants the instrument's sound. */
        this.listening = false;
        /** The latest known network time, and the moment it was received. */
        this.clock = { t: 0, at: now() };
        this.edits = new Edits(this);
        this.link = new InstrumentLink(this);
    }

    /**
     * Sends a request and waits for its reply. While the instrument is away, edits wait for
     * it and other requests fail.
     * @param {ClientMessage} message
     * @param {(message: Progress) => void} [onprogress] called if the reply takes long
     * @returns {Promise<ServerMessage>}
     * @throws {import('../link/connection.js').Refusal} with the reason
     * @throws {Disconnected}
     */
    request(message, onprogress) {
        if (isEdit(message)) return this.edits.add(message);
        return this.link.current?.request(message, onprogress) ?? Promise.reject(new Disconnected('Not connected.'));
    }

    /**
     * Sends a request; reports a refusal to the player.
     * @param {ClientMessage} message
     * @returns {Promise<ServerMessage | null>} null if it failed
     */
    async attempt(message) {
        try {
            return await this.request(message);
        } catch (problem) {
            this.report(problem);
            return null;
        }
    }

    /** Sends a message that has no reply; dropped while the instrument is away. @param {ClientMessage} message */
    send(message) {
        this.link.current?.send(message);
    }

    /** @param {boolean} on true to receive the instrument's sound */
    listen(on) {
        this.listening = on;
        // An instrument that has no changes of bends refuses the field.
        this.send({ type: 'listen', activity: true, display: true, sound: on, ...this.welcome?.bends && { bends: true } });
    }

    /** Network time, extrapolated from the latest message while there is a connection. */
    get t() {
        const { transport } = this.state;
        if (!transport?.playing || this.connection.state !== 'open') return this.clock.t;
        const seconds = (this.now() - this.clock.at) / 1000;
        const t = this.clock.t + (seconds * transport.rate * this.value('speed')) / 100;
        return Math.round(t) >>> 0;
    }

    /** The number of edits that led to the state. */
    get revision() {
        return this.state.revision ?? { edits: 0, resumed: 0 };
    }

    /** @param {string} key @returns {Parameter | undefined} the description of a parameter */
    parameter(key) {
        return this.welcome?.parameters.find((row) => row.key === key);
    }

    /** Returns the value of a parameter, or its default while it is unknown. @param {string} key */
    value(key) {
        const i = this.welcome?.parameters.findIndex((row) => row.key === key) ?? -1;
        return this.state.parameters?.[i] ?? this.welcome?.parameters[i]?.default ?? 0;
    }

    /** @param {unknown} problem an error with a sentence for the player, or none */
    report(problem) {
        const { message } = /** @type {Error} */ (problem);
        if (message) this.emit('problem', message);
    }

    /** @param {string} type @param {unknown} detail */
    emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    // Called by the link.

    /** @param {ServerMessage} message */
    receive(message) {
        switch (message.type) {
            case 'welcome':
                this.welcome = message;
                this.listen(this.listening);
                this.emit('welcome', message);
                break;
            case 'state':
                this.merge(message);
                break;
            case 'status':
                this.status = message;
                this.setTime(message.t);
                this.emit('status', message);
                break;
            case 'refused':
                if (message.id === undefined && this.link.current?.state === 'open') this.emit('problem', message.reason);
                break;
            default: // A reply, which settles its request.
        }
    }

    /** @param {State} message */
    merge(message) {
        const { type: _, bends, ...sections } = /** @type {State & { type?: string }} */ (message);
        if (bends && this.state.layers) sections.layers = changed(this.state.layers, bends);
        // Until this moment, time ran at the old speed.
        if (sections.transport || sections.parameters) this.setTime(this.t);
        this.state = { ...this.state, ...sections };
        if (sections.network || sections.library || sections.transport) this.playing = playing(this.state);
        for (const [section, value] of Object.entries(sections)) this.emit(section, value);
        if (SAVED.some((section) => section in sections)) this.edits.scheduleSnapshot();
    }

    /** @param {ArrayBuffer} data */
    receiveFrame(data) {
        const frame = decodeFrame(data);
        if (!frame) return;
        if ('activity' in frame) {
            this.activity = frame.activity;
            this.setTime(frame.activity.t);
            this.emit('activity', frame.activity);
        } else if ('display' in frame) {
            this.display = frame.display;
            this.emit('display', frame.display);
        } else {
            this.emit('sound', frame.sound);
        }
    }

    /** @param {number} t network time at this moment */
    setTime(t) {
        this.clock = { t, at: this.now() };
    }

    /** @param {Partial<ConnectionInfo>} change */
    setConnection(change) {
        // The instrument's time is not known while it is away.
        if (change.state && change.state !== this.connection.state) this.setTime(this.t);
        this.connection = { ...this.connection, ...change };
        this.emit('connection', this.connection);
    }
}
