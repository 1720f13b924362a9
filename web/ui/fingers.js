// Fingers on the pad: of a hand, a mouse, a pen or the keyboard. Knows no elements.

/** @import { Finger } from '../types/Finger' */

/** As many as the instrument takes. */
export const MOST = 5;

/** Fingers by whatever moves them. */
export class Fingers {
    /** @param {(fingers: Finger[]) => void} onchange */
    constructor(onchange) {
        this.onchange = onchange;
        /** @type {Map<number | string, Finger>} */
        this.fingers = new Map();
    }

    /**
     * A finger comes or moves. Those beyond the most are not felt.
     * @param {number | string} id
     * @param {number} x in parts of the pad, 0 to 1
     * @param {number} y
     * @param {number} size as a part of the largest
     */
    put(id, x, y, size) {
        if (!this.fingers.has(id) && this.fingers.size >= MOST) return;
        const part = (/** @type {number} */ of) => Math.round(Math.max(0, Math.min(1, of)) * 1e4) / 1e4;
        this.fingers.set(id, { x: part(x), y: part(y), size: part(size) });
        this.tell();
    }

    /** @param {number | string} id */
    lift(id) {
        if (this.fingers.delete(id)) this.tell();
    }

    /** All leave. */
    clear() {
        if (this.fingers.size === 0) return;
        this.fingers.clear();
        this.tell();
    }

    tell() {
        this.onchange([...this.fingers.values()]);
    }
}
