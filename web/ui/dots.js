// A layer of small squares, written as pixels: tens of thousands cost less than a few hundred
// shapes of a canvas.

/** Most pixels of the layer; a larger canvas gets it enlarged. */
const MOST_PIXELS = 1_600_000;

export class Dots {
    constructor() {
        this.canvas = document.createElement('canvas');
        this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
        /** Pixels per CSS pixel. */
        this.ratio = 1;
        this.image = new ImageData(1, 1);
        this.pixels = new Uint32Array(this.image.data.buffer);
    }

    /**
     * Removes all squares.
     * @param {number} width CSS pixels
     * @param {number} height CSS pixels
     * @param {number} ratio device pixels per CSS pixel
     */
    clear(width, height, ratio) {
        this.ratio = Math.min(ratio, Math.sqrt(MOST_PIXELS / (width * height)));
        const [wide, high] = [width, height].map((side) => Math.max(1, Math.round(side * this.ratio)));
        if (this.canvas.width !== wide || this.canvas.height !== high) {
            [this.canvas.width, this.canvas.height] = [wide, high];
            this.image = new ImageData(wide, high);
            this.pixels = new Uint32Array(this.image.data.buffer);
        } else this.pixels.fill(0);
    }

    /** Returns a side in pixels of the layer. @param {number} side CSS pixels */
    side(side) {
        return Math.max(1, Math.round(side * this.ratio));
    }

    /**
     * Adds a square.
     * @param {number} x centre, CSS pixels
     * @param {number} y
     * @param {number} side see {@link side}
     * @param {number} colour see {@link pixel}
     */
    add(x, y, side, colour) {
        const { width, height } = this.image;
        const left = Math.round(x * this.ratio - side / 2);
        const top = Math.round(y * this.ratio - side / 2);
        const from = left < 0 ? 0 : left;
        const to = left + side > width ? width : left + side;
        const bottom = top + side > height ? height : top + side;
        const { pixels } = this;
        for (let row = top < 0 ? 0 : top; row < bottom; row += 1) {
            const start = row * width;
            for (let at = start + from; at < start + to; at += 1) pixels[at] = colour;
        }
    }

    /** Draws the squares. @param {CanvasRenderingContext2D} context @param {boolean} changed since the last call */
    drawOn(context, changed) {
        if (changed) this.context.putImageData(this.image, 0, 0);
        context.save();
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.globalAlpha = 1;
        context.drawImage(this.canvas, 0, 0, context.canvas.width, context.canvas.height);
        context.restore();
    }
}

/** A colour: red, green and blue, 0 to 1. @typedef {[number, number, number]} Colour */

/** Colours by their CSS. @type {Map<string, Colour>} */
const known = new Map();

/**
 * Converts a CSS colour to numbers.
 * @param {string} text
 * @returns {Colour}
 */
export function rgb(text) {
    const found = known.get(text);
    if (found) return found;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) return [0.5, 0.5, 0.5];
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    /** @type {Colour} */
    const colour = [red / 255, green / 255, blue / 255];
    known.set(text, colour);
    return colour;
}

/**
 * Returns a pixel: red in the lowest byte, as all browsers run on little-endian processors.
 * @param {Readonly<Colour>} colour
 * @param {number} alpha
 */
export function pixel(colour, alpha) {
    const [red, green, blue] = colour.map((part) => Math.round(part * 255));
    return ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * Mixes two colours.
 * @param {Readonly<Colour>} one
 * @param {Readonly<Colour>} other
 * @param {number} part of the other one
 * @returns {Colour}
 */
export function mix(one, other, part) {
    return [one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part, one[2] + (other[2] - one[2]) * part];
}
