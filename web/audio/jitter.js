// A jitter buffer: plays streamed sound evenly that arrives unevenly. Knows neither network
// nor audio context.

/** Delay of the sound: longer than usual delays of a Wi-Fi network. */
export const DELAY_SECONDS = 0.12;
/** Delay of sound from the same computer: two of its blocks, and the drawing of a frame. */
export const LOCAL_DELAY_SECONDS = 0.05;
/** Growth of the delay each time the buffer runs empty, up to the usual delay, and in each
 * second in which it does not, down to the first delay. */
const GROWTH = 1.4;
const SHRINKAGE = 0.95;
/** Part of the delay that stays buffered when frames are skipped. */
const KEPT = 0.75;
/** Capacity. Beyond, the clocks differ, and playback skips ahead to the usual delay. */
const CAPACITY_SECONDS = 0.4;

/** A buffer of numbered frames, in constant memory. */
export class JitterBuffer {
    /**
     * @param {number} rate frames a second
     * @param {number} [delay] the first delay, in seconds
     */
    constructor(rate, delay = DELAY_SECONDS) {
        this.delay = Math.round(delay * rate);
        this.minDelay = this.delay;
        this.maxDelay = Math.max(this.delay, Math.round(DELAY_SECONDS * rate));
        this.capacity = Math.round(CAPACITY_SECONDS * rate);
        this.ring = new Float32Array(this.capacity);
        /** Numbers of the next frame to play and of the next frame to arrive. */
        this.next = 0;
        this.end = 0;
        this.playing = false;
        /** Shortest length lately, and the frames played since it was last checked. */
        this.shortest = Infinity;
        this.played = 0;
        this.ranEmpty = false;
        this.period = rate;
        /** Number of times it ran empty or skipped frames. */
        this.breaks = 0;
    }

    /** Number of buffered frames. */
    get length() {
        return this.end - this.next;
    }

    /**
     * Adds frames. Missing frames before them are replaced with silence; lower numbers than
     * expected mean that the stream has started again.
     * @param {number} first number of the first frame
     * @param {Float32Array} frames
     */
    push(first, frames) {
        if (first < this.end || first > this.end + this.capacity) {
            this.next = this.end = first;
            this.playing = false;
        }
        this.write(first - this.end, () => 0);
        this.write(frames.length, (i) => frames[i]);
        if (this.playing && this.length > this.capacity) {
            this.breaks += 1;
            this.next = this.end - this.delay;
        }
        this.next = Math.max(this.next, this.end - this.capacity);
    }

    /**
     * @param {number} count
     * @param {(i: number) => number} frame
     */
    write(count, frame) {
        for (let i = 0; i < count; i++) this.ring[(this.end + i) % this.capacity] = frame(i);
        this.end += count;
    }

    /**
     * Writes the next frames, or silence until enough frames are buffered.
     * @param {Float32Array} out
     */
    pull(out) {
        if (!this.playing && this.length >= this.delay) {
            this.playing = true;
            // Start at the usual delay, however much is buffered.
            this.next = Math.max(this.next, this.end - Math.max(this.delay, out.length));
        }
        const count = this.playing ? Math.min(out.length, this.length) : 0;
        for (let i = 0; i < count; i++) out[i] = this.ring[(this.next + i) % this.capacity];
        out.fill(0, count);
        this.next += count;
        this.catchUp(count);
        if (this.playing && count < out.length) {
            this.playing = false;
            this.breaks += 1;
            this.ranEmpty = true;
            this.delay = Math.min(this.maxDelay, Math.round(this.delay * GROWTH));
        }
    }

    /**
     * Shortens the delay once a second, and skips frames if more are buffered than needed:
     * after the player was interrupted, or because the clocks differ.
     * @param {number} count frames played
     */
    catchUp(count) {
        this.shortest = Math.min(this.shortest, this.length);
        this.played += count;
        if (this.played < this.period) return;
        if (!this.ranEmpty) this.delay = Math.max(this.minDelay, Math.round(this.delay * SHRINKAGE));
        if (this.shortest > this.delay) {
            this.breaks += 1;
            this.next += this.shortest - Math.round(KEPT * this.delay);
        }
        this.shortest = Infinity;
        this.played = 0;
        this.ranEmpty = false;
    }
}
