// The keys of the on-screen keyboard and the notes that they play.

/** Notes of an octave that are white keys. */
const WHITE = [0, 2, 4, 5, 7, 9, 11];
const NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
/** Keys of the computer by their place, as in other instruments: the middle row is white, the
 * row above it black. */
const CODES = [
    'KeyA', 'KeyW', 'KeyS', 'KeyE', 'KeyD', 'KeyF', 'KeyT', 'KeyG', 'KeyY', 'KeyH', 'KeyU', 'KeyJ',
    'KeyK', 'KeyO', 'KeyL', 'KeyP', 'Semicolon', 'Quote', 'BracketRight',
];
const SIGNS = /** @type {Record<string, string>} */ ({ Semicolon: ';', Quote: "'", BracketRight: ']' });

/** The lowest and the highest C that the computer's keys may begin with, and the usual one:
 * middle C. */
export const MIN_BASE = 24;
export const MAX_BASE = 96;
export const MIDDLE = 60;
/** Velocity of a key of the computer. */
export const VELOCITY = 100;

/** @param {number} note */
export const isWhite = (note) => WHITE.includes(note % 12);

/** Returns a note's name; middle C is C4. @param {number} note */
export const noteName = (note) => `${NAMES[note % 12]}${Math.floor(note / 12) - 1}`;

/**
 * Returns the note of a key of the computer, or null.
 * @param {string} code its place: `KeyboardEvent.code`
 * @param {number} base note of the first key
 */
export function noteOf(code, base) {
    const at = CODES.indexOf(code);
    return at < 0 || base + at > 127 ? null : base + at;
}

/**
 * Returns the letter of the computer's key that plays a note, or an empty text.
 * @param {number} note
 * @param {number} base note of the first key
 * @param {Map<string, string> | null} layout letters by place, where the browser knows them
 */
export function letterOf(note, base, layout) {
    const code = CODES[note - base];
    if (code === undefined) return '';
    return (layout?.get(code) ?? SIGNS[code] ?? code.slice(3)).toUpperCase();
}

/**
 * Returns the keys of some octaves and the C above them, with their places in parts of the
 * width.
 * @param {number} first note of the first key, a C
 * @param {number} octaves
 * @returns {{ note: number, white: boolean, left: number, width: number }[]} white keys first
 */
export function keysFrom(first, octaves) {
    const notes = Array.from({ length: 12 * octaves + 1 }, (_, i) => first + i).filter((note) => note <= 127);
    const whites = notes.filter(isWhite);
    const width = 1 / whites.length;
    const white = whites.map((note, i) => ({ note, white: true, left: i * width, width }));
    const black = notes.filter((note) => !isWhite(note)).map((note) => {
        const after = whites.findIndex((other) => other > note);
        return { note, white: false, left: (after < 0 ? 1 : after * width) - 0.3 * width, width: 0.6 * width };
    });
    return [...white, ...black];
}

/**
 * The notes that are played in the page, each by a pointer or a key.
 */
export class Notes {
    /** @param {(bytes: number[]) => void} send sends a MIDI message */
    constructor(send) {
        this.send = send;
        /** Channel, 0 to 15. */
        this.channel = 0;
        /** Notes and their channels by what holds them. @type {Map<number | string, { note: number, channel: number }>} */
        this.held = new Map();
        /** The channel of the sustain pedal while it is down. @type {number | null} */
        this.pedalled = null;
    }

    /** Notes that are held. */
    get notes() {
        return new Set([...this.held.values()].map(({ note }) => note));
    }

    /**
     * Plays a note; what plays it already slides there from another one.
     * @param {number | string} id what plays it
     * @param {number} note
     * @param {number} velocity 1 to 127
     */
    press(id, note, velocity) {
        if (this.held.get(id)?.note === note) return;
        const before = this.held.get(id);
        const { channel } = this;
        this.held.set(id, { note, channel });
        // Before the old note ends, so that nothing sounds in between.
        this.send([0x90 | channel, note, Math.max(1, Math.min(127, Math.round(velocity)))]);
        if (before) this.end(before);
    }

    /** @param {number | string} id */
    release(id) {
        const held = this.held.get(id);
        this.held.delete(id);
        if (held) this.end(held);
    }

    /** Ends a note unless something else holds it. @param {{ note: number, channel: number }} held */
    end({ note, channel }) {
        const others = [...this.held.values()];
        if (!others.some((other) => other.note === note && other.channel === channel)) this.send([0x80 | channel, note, 0]);
    }

    /** Presses or releases the sustain pedal. @param {boolean} down */
    pedal(down) {
        if (down === (this.pedalled !== null)) return;
        const channel = this.pedalled ?? this.channel;
        this.pedalled = down ? channel : null;
        this.send([0xb0 | channel, 64, down ? 127 : 0]);
    }

    /** Releases everything. */
    clear() {
        for (const id of [...this.held.keys()]) this.release(id);
        this.pedal(false);
    }
}
