// The set of fingers on the pad, whether they are touches, a mouse, a pen or keys.

/** @import { Finger } from '../types/Finger' */

/** Most fingers that the instrument accepts. */
export const MAX_FINGERS = 5;

export class Fingers {
    /** @param {(fingers: Finger[]) => void} onchange */
    constructor(onchange) {
        this.onchange = onchange;
        /** Fingers by the id of what moves them. @type {Map<number | string, Finger>} */
        this.fingers = new Map();
    }

    /**
     * Adds or moves a finger; ignored if there are too many.
     * @param {number | string} id
     * @param {number} x as a fraction of the pad, 0 to 1
     * @param {number} y
     * @param {number} size as a fraction of the largest finger, 0 to 1
     */
    put(id, x, y, size) {
        if (!this.fingers.has(id) && this.fingers.size >= MAX_FINGERS) return;
        const fraction = (/** @type {number} */ of) => Math.round(Math.max(0, Math.min(1, of)) * 1e4) / 1e4;
        this.fingers.set(id, { x: fraction(x), y: fraction(y), size: fraction(size) });
        this.changed();
    }

    /** @param {number | string} id */
    lift(id) {
        if (this.fingers.delete(id)) this.changed();
    }

    /** Lifts all fingers. */
    clear() {
        if (this.fingers.size === 0) return;
        this.fingers.clear();
        this.changed();
    }

    changed() {
        this.onchange([...this.fingers.values()]);
    }
}
