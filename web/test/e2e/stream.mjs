// Sound as the instrument streams it, and as the page records it. Every message of the stream
// has the position of its first frame since the instrument's start, so lost frames are known.

/** Frames that an audio worklet renders at once: the jitter buffer only jumps between them. */
const QUANTUM = 128;

/** The messages of sound that a page has received. */
export class Stream {
    /** @type {{ first: number, frames: Float32Array }[]} */
    blocks = [];

    /** @param {Buffer} message binary message of sound: docs/web.md */
    add(message) {
        const first = Number(message.readBigUInt64LE(8));
        // A copy, because floats must be aligned.
        const frames = new Float32Array(new Uint8Array(message.subarray(16)).buffer);
        this.blocks.push({ first, frames });
    }

    /** Position of the first frame. */
    get start() {
        return this.blocks[0]?.first ?? 0;
    }

    /** Position after the last frame. */
    get end() {
        const { first, frames } = this.blocks.at(-1) ?? { first: 0, frames: [] };
        return first + frames.length;
    }

    /** Frames that were lost before they reached the page. */
    get gaps() {
        return this.blocks.slice(1).flatMap(({ first }, i) => {
            const { first: before, frames } = this.blocks[i];
            const start = before + frames.length;
            return first === start ? [] : [{ start, length: first - start }];
        });
    }

    /** All frames from `start` to `end`, with silence in gaps. */
    get frames() {
        const all = new Float32Array(this.end - this.start);
        for (const { first, frames } of this.blocks) all.set(frames, first - this.start);
        return all;
    }

    /**
     * Compares every received frame with the frame at the same position of another sound.
     * @param {Float32Array} sound from position `delay`, at least up to `end`
     * @param {number} delay
     * @returns {number} the first position that differs, or Infinity
     */
    difference(sound, delay) {
        for (const { first, frames } of this.blocks) {
            const at = frames.findIndex((frame, i) => frame !== sound[first + i - delay]);
            if (at >= 0) return first + at;
        }
        return Infinity;
    }
}

/**
 * Locates a recording in a stream. The page's jitter buffer inserts silence when the stream is
 * late, and skips ahead when it is too far behind: the recording is a sequence of pieces of
 * the stream, in order and with silence between them.
 * @param {Int16Array} recording
 * @param {Int16Array} stream
 * @returns {{ pieces: { at: number, from: number, length: number }[], unknown: number }}
 *   `at` in the recording, `from` in the stream; unknown: index of the first sample that is
 *   neither in the stream nor silence, or -1
 */
export function locate(recording, stream) {
    const pieces = [];
    let from = 0;
    for (let at = 0; at < recording.length;) {
        if (recording[at] === 0) {
            at += 1;
            continue;
        }
        // A piece lasts at least to the end of its quantum; the first may end in silence before.
        const silence = at === 0 ? recording.indexOf(0) : -1;
        const enough = silence > 0 ? Math.min(silence, QUANTUM) : Math.min(QUANTUM - at % QUANTUM, recording.length - at);
        while (from < stream.length && common(recording, at, stream, from) < enough) from += 1;
        if (from === stream.length) return { pieces, unknown: at };
        const length = common(recording, at, stream, from);
        pieces.push({ at, from, length });
        at += length;
        from += length;
    }
    return { pieces, unknown: -1 };
}

/** Counts the samples that are equal from two indices on. */
function common(a, i, b, j) {
    let length = 0;
    while (i + length < a.length && j + length < b.length && a[i + length] === b[j + length]) length += 1;
    return length;
}
