// MIDI devices at this computer, where the browser has Web MIDI.

/** First status byte of messages that belong to no channel. */
const SYSTEM = 0xf0;
/** Messages that do not play: exclusive data, and a device's sign that it is there. */
const EXCLUSIVE = 0xf0;
const SENSING = 0xfe;
/** Controllers that return pedals and wheels to their rest, and release all keys. */
const RESET_CONTROLLERS = 121;
const ALL_NOTES_OFF = 123;

/** Dispatches `change` when devices come and go. */
export class MidiInputs extends EventTarget {
    /** @param {(bytes: Iterable<number>) => void} send receives each message */
    constructor(send) {
        super();
        this.send = send;
        /** @type {MIDIAccess | null} */
        this.access = null;
        /** Channels that a device has used, by its id. @type {Map<string, Set<number>>} */
        this.used = new Map();
        /** Why there are none, as a sentence for the player. */
        this.problem = '';
    }

    /** False if the browser has no Web MIDI, or not for this address. */
    get possible() {
        return typeof navigator.requestMIDIAccess === 'function';
    }

    /** True while devices are heard. */
    get on() {
        return this.access !== null;
    }

    /** Names of the devices that are heard. */
    get names() {
        return [...this.used.keys()].map((id) => this.access?.inputs.get(id)?.name ?? 'MIDI');
    }

    /** Asks the player, and hears all devices. */
    async open() {
        this.problem = '';
        try {
            const access = await navigator.requestMIDIAccess();
            this.access = access;
            access.onstatechange = () => this.follow();
            this.follow();
        } catch {
            this.problem = 'The browser does not let this page use MIDI devices.';
            this.emitChange();
        }
    }

    /** Ends the notes of all devices, and hears them no longer. */
    close() {
        if (this.access) this.access.onstatechange = null;
        for (const id of this.used.keys()) this.remove(id);
        this.access = null;
        this.emitChange();
    }

    /** Hears new devices, and ends the notes of those that are gone. */
    follow() {
        const inputs = this.access?.inputs ?? new Map();
        for (const id of this.used.keys()) {
            if (inputs.get(id)?.state !== 'connected') this.remove(id);
        }
        for (const input of inputs.values()) {
            if (input.state !== 'connected' || this.used.has(input.id)) continue;
            const channels = new Set();
            this.used.set(input.id, channels);
            input.onmidimessage = (/** @type {MIDIMessageEvent} */ { data }) => {
                if (!data || data.length === 0 || data[0] === EXCLUSIVE || data[0] === SENSING) return;
                if (data[0] < SYSTEM) channels.add(data[0] & 15);
                this.send(data);
            };
        }
        this.emitChange();
    }

    /** @param {string} id */
    remove(id) {
        const input = this.access?.inputs.get(id);
        if (input) input.onmidimessage = null;
        for (const channel of this.used.get(id) ?? []) {
            for (const controller of [RESET_CONTROLLERS, ALL_NOTES_OFF]) this.send([0xb0 | channel, controller, 0]);
        }
        this.used.delete(id);
    }

    emitChange() {
        this.dispatchEvent(new Event('change'));
    }
}
