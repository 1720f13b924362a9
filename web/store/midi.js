// Sends MIDI messages to the instrument: of the keys on the screen and of devices.

/** @import { Store } from './store.js' */

/** Least time between two messages of the protocol, so that a flood of MIDI is few of them. */
const PACE_MILLISECONDS = 4;
/** Longest wait of bytes in a hidden page is that of its timers; beyond these bytes, none. */
const MAX_BYTES = 600;

export class MidiOutput {
    /** @param {Store} store */
    constructor(store) {
        this.store = store;
        /** Bytes that wait. @type {number[]} */
        this.bytes = [];
        this.sent = -Infinity;
        /** @type {ReturnType<typeof setTimeout> | null} */
        this.timer = null;
        // What was played while the instrument was away is not made up for.
        store.addEventListener('connection', () => { if (store.connection.state !== 'open') this.bytes = []; });
    }

    /** Sends a whole message. @param {Iterable<number>} bytes */
    send(bytes) {
        this.bytes.push(...bytes);
        if (this.store.now() - this.sent >= PACE_MILLISECONDS || this.bytes.length >= MAX_BYTES) this.flush();
        else this.timer ??= setTimeout(() => this.flush(), PACE_MILLISECONDS);
    }

    flush() {
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
        const { bytes, store } = this;
        this.bytes = [];
        // An instrument without keys does not know the message.
        if (bytes.length === 0 || !store.state.midi) return;
        this.sent = store.now();
        store.send({ type: 'midi', bytes: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ') });
    }
}
