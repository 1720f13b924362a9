// Evens out what comes unevenly: sound that is streamed, on its way to the output.
// Knows neither network nor audio context.

/** How much is gathered before it is played: more than a Wi-Fi's usual hiccup. */
const DELAY_SECONDS = 0.12;
/** Most that is kept; above, clocks differ, and it goes back to the delay. */
const MOST_SECONDS = 0.4;

/** A buffer of numbered frames, in constant memory. */
export class Jitter {
    /** @param {number} rate frames a second */
    constructor(rate) {
        this.delay = Math.round(DELAY_SECONDS * rate);
        this.most = Math.round(MOST_SECONDS * rate);
        this.ring = new Float32Array(this.most);
        /** The number of the next frame to play, and of the next to come. */
        this.next = 0;
        this.end = 0;
        this.playing = false;
        /** How often it ran empty, or had to leave frames out. */
        this.breaks = 0;
    }

    /** Frames at hand. */
    get length() {
        return this.end - this.next;
    }

    /**
     * Takes frames. What is missing before them is silence; what is older than
     * expected is a stream that began anew.
     * @param {number} first the number of the first of them
     * @param {Float32Array} frames
     */
    push(first, frames) {
        if (first < this.end || first > this.end + this.most) {
            this.next = this.end = first;
            this.playing = false;
        }
        this.write(first - this.end, () => 0);
        this.write(frames.length, (i) => frames[i]);
        if (this.playing && this.length > this.most) {
            this.breaks += 1;
            this.next = this.end - this.delay;
        }
        this.next = Math.max(this.next, this.end - this.most);
    }

    /**
     * @param {number} count
     * @param {(i: number) => number} frame
     */
    write(count, frame) {
        for (let i = 0; i < count; i++) this.ring[(this.end + i) % this.most] = frame(i);
        this.end += count;
    }

    /**
     * Gives the next frames, or silence until enough are at hand.
     * @param {Float32Array} out
     */
    pull(out) {
        if (!this.playing && this.length >= this.delay) {
            this.playing = true;
            // Not more late than was meant, however much has gathered.
            this.next = Math.max(this.next, this.end - Math.max(this.delay, out.length));
        }
        const count = this.playing ? Math.min(out.length, this.length) : 0;
        for (let i = 0; i < count; i++) out[i] = this.ring[(this.next + i) % this.most];
        out.fill(0, count);
        this.next += count;
        if (this.playing && count < out.length) {
            this.playing = false;
            this.breaks += 1;
        }
    }
}
