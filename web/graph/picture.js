// The static part of the graph as two images, wires and gates. They are made in steps, and
// changed gates are redrawn in place.

import { gateSize, wireAlpha } from './draw.js';
import { BADGES, stamp } from './glyphs.js';
import { ASIDE, CHOSEN, DEAD, FAINT, IN_CONE, STEERED, TOUCHED } from './marks.js';

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { Index, View } from './view.js' */

/**
 * The network and its appearance.
 * @typedef {object} Scene
 * @property {Model} model
 * @property {Layout} layout
 * @property {Index} index
 * @property {{ count: number, ends: Float32Array, nodes: Uint32Array }} wires
 * @property {Uint8Array} marks
 * @property {{ ground: string, ink: string, soft: string, one: string, bend: string }} colours
 * @property {HTMLCanvasElement[]} sheets glyphs for 0 and for 1
 */

/** Gates smaller than this, in CSS pixels, are squares, which are not part of the images. */
export const SMALL = 7;
/** Most wires of an image: more are thinned out evenly. */
const MOST_WIRES = 4000;
/** Above this number of wires, wires are drawn straight. */
const STRAIGHT = 1500;
/** Wires or gates of a step. */
const PIECE = 64;
/** Wires looked at in a step. */
const LOOKED_AT = 20_000;
/** Distance from a gate's centre within which its marks lie, in sizes of a gate. */
const EXTENT = 0.9;

export class Picture {
    constructor() {
        this.wires = document.createElement('canvas');
        this.gates = document.createElement('canvas');
        /** The view of the images. */
        this.x = 0;
        this.y = 0;
        this.scale = 1;
        this.ratio = 1;
        /** Wires that are drawn: with the least emphasis, then the others. @type {Uint32Array[]} */
        this.drawn = [new Uint32Array(), new Uint32Array(), new Uint32Array()];
        /** True if the wires are many, and drawn straight. */
        this.straight = false;
        /** True if the gates are squares, which the image lacks. */
        this.small = true;
        this.empty = true;
    }

    /**
     * Returns whether the images show a view.
     * @param {View} view
     * @param {number} ratio
     * @param {HTMLCanvasElement} canvas
     */
    shows(view, ratio, { width, height }) {
        return this.x === view.x && this.y === view.y && this.scale === view.scale && this.ratio === ratio &&
            this.wires.width === width && this.wires.height === height;
    }

    /**
     * Draws the images in steps.
     * @param {Scene} scene
     * @param {View} view
     * @param {number} ratio
     * @param {HTMLCanvasElement} canvas on which they will be drawn
     * @returns {Generator<undefined, void, undefined>}
     */
    * make(scene, { x, y, scale }, ratio, { width, height }) {
        Object.assign(this, { x, y, scale, ratio, empty: false });
        for (const canvas of [this.wires, this.gates]) {
            if (canvas.width === width && canvas.height === height) continue;
            [canvas.width, canvas.height] = [width, height];
        }
        yield* this.chooseWires(scene);
        const [wires, gates] = [this.wires, this.gates].map((canvas) => contextOf(canvas, ratio));
        const wide = wireWidth(scale);
        const count = this.drawn.reduce((sum, { length }) => sum + length, 0);
        const alpha = wireAlpha(count, scale);
        this.straight = count > STRAIGHT;
        wires.strokeStyle = scene.colours.soft;
        for (const [kind, much] of [0.22, 1, 2].entries()) {
            if (alpha * much < 0.03) continue;
            wires.lineWidth = kind === 2 ? 1.5 * wide : wide;
            wires.globalAlpha = Math.min(1, alpha * much);
            const drawn = this.drawn[kind];
            for (let from = 0; from < drawn.length; from += PIECE) {
                wires.beginPath();
                for (const at of drawn.subarray(from, from + PIECE)) trace(wires, scene.wires.ends, at, this, this.straight);
                wires.stroke();
                yield;
            }
        }
        const size = gateSize(scale, scene.layout.room);
        this.small = size < SMALL;
        if (this.small) return;
        let some = 0;
        for (let at = 0; at < scene.layout.x.length; at += 1) {
            const [px, py] = this.place(scene, at);
            if (px < -size || py < -size || px > width / ratio + size || py > height / ratio + size) continue;
            drawGate(gates, scene, at, px, py, size);
            some += 1;
            if (some % PIECE === 0) yield;
        }
    }

    /** Chooses the visible wires by emphasis, in steps. @param {Scene} scene @returns {Generator<undefined, void, undefined>} */
    * chooseWires({ wires: { count, ends, nodes }, marks }) {
        const { scale, x, y, ratio } = this;
        const [wide, high] = [this.wires.width / ratio, this.wires.height / ratio];
        const found = [0, 1, 2].map(() => new Uint32Array(count));
        const counts = [0, 0, 0];
        for (let at = 0; at < count; at += 1) {
            if (at % LOOKED_AT === LOOKED_AT - 1) yield;
            const x0 = ends[4 * at] * scale + x;
            const y0 = ends[4 * at + 1] * scale + y;
            const x1 = ends[4 * at + 2] * scale + x;
            const y1 = ends[4 * at + 3] * scale + y;
            if ((x0 < 0 && x1 < 0) || (x0 > wide && x1 > wide) || (y0 < 0 && y1 < 0) || (y0 > high && y1 > high)) continue;
            const kind = emphasis(marks, nodes[2 * at], nodes[2 * at + 1]);
            found[kind][counts[kind]++] = at;
        }
        this.drawn = found.map((list, kind) => thinned(list.subarray(0, counts[kind])));
    }

    /**
     * Redraws gates whose marks have changed.
     * @param {Scene} scene
     * @param {Iterable<number>} nodes
     */
    redraw(scene, nodes) {
        if (this.small) return;
        const context = /** @type {CanvasRenderingContext2D} */ (this.gates.getContext('2d'));
        const size = gateSize(this.scale, scene.layout.room);
        // Marks of neighbours may reach into the square that is cleared.
        const near = 2 * EXTENT * size / this.scale;
        for (const node of nodes) {
            const [x, y] = this.place(scene, node);
            context.save();
            context.beginPath();
            const [left, top, right, bottom] = [x - EXTENT * size, y - EXTENT * size, x + EXTENT * size, y + EXTENT * size]
                .map((side) => Math.round(side * this.ratio) / this.ratio);
            context.rect(left, top, right - left, bottom - top);
            context.clip();
            context.clearRect(left, top, right - left, bottom - top);
            const { layout } = scene;
            const others = node < scene.model.nodes
                ? scene.index.inBox(layout.x[node] - near, layout.y[node] - near, layout.x[node] + near, layout.y[node] + near) : [node];
            for (const other of others) drawGate(context, scene, other, ...this.place(scene, other), size);
            context.restore();
        }
    }

    /**
     * Draws the images as a view shows them.
     * @param {CanvasRenderingContext2D} context
     * @param {View} view
     * @param {number} ratio
     */
    drawOn(context, view, ratio) {
        if (this.empty) return;
        const by = (view.scale * ratio) / (this.scale * this.ratio);
        context.setTransform(by, 0, 0, by, view.x * ratio - this.x * this.ratio * by, view.y * ratio - this.y * this.ratio * by);
        // A sharp picture is about to come, and smoothing costs more than all else in a frame.
        context.imageSmoothingEnabled = false;
        context.drawImage(this.wires, 0, 0);
        if (!this.small) context.drawImage(this.gates, 0, 0);
        context.imageSmoothingEnabled = true;
    }

    /** Returns the position of a node in CSS pixels. @param {Scene} scene @param {number} at @returns {[number, number]} */
    place({ layout }, at) {
        return [layout.x[at] * this.scale + this.x, layout.y[at] * this.scale + this.y];
    }
}

/** Empties a canvas. @param {HTMLCanvasElement} canvas @param {number} ratio */
function contextOf(canvas, ratio) {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
}

/** Returns at most MOST_WIRES of the wires, chosen evenly. @param {Uint32Array} wires */
function thinned(wires) {
    if (wires.length <= MOST_WIRES) return wires.slice();
    // A gate's wires are neighbours in the list, so every nth one would prefer an operand.
    const below = Math.floor(2 ** 32 * MOST_WIRES / wires.length);
    return wires.filter((at) => Math.imul(at + 1, 2_654_435_761) >>> 0 < below);
}

/**
 * Returns the emphasis of a wire: 0 outside the cone, 1 without a cone, 2 in the cone.
 * @param {Uint8Array} marks
 * @param {number} from
 * @param {number} to
 */
function emphasis(marks, from, to) {
    const [one, other] = [marks[4 * from + 3], marks[4 * to + 3]];
    if (one >= IN_CONE && other >= IN_CONE) return 2;
    return one === ASIDE || other === ASIDE || marks[4 * to + 2] & DEAD ? 0 : 1;
}

/** @param {Uint8Array} marks @param {number} at */
export function gateAlpha(marks, at) {
    return marks[4 * at + 3] === ASIDE ? 0.25 : marks[4 * at + 2] & DEAD ? 0.32 : 1;
}

/** @param {number} scale */
export function wireWidth(scale) {
    return Math.max(0.8, Math.min(2.4, scale * 0.05));
}

/**
 * Draws a gate, its bend and its marks.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} at
 * @param {number} x CSS pixels
 * @param {number} y
 * @param {number} size at least SMALL
 */
function drawGate(context, scene, at, x, y, size) {
    const { marks, colours, sheets } = scene;
    const bend = marks[4 * at + 1];
    context.globalAlpha = gateAlpha(marks, at);
    stamp(context, sheets[0], marks[4 * at], x, y, size);
    if (bend) {
        context.globalAlpha = marks[4 * at + 2] & FAINT ? 0.6 : 1;
        frame(context, colours.bend, x, y, size * 0.56);
        stamp(context, sheets[0], BADGES - 1 + bend, x + size * 0.5, y - size * 0.5, size * 0.62);
    }
    drawMarks(context, scene, at, x, y, size);
}

/**
 * Draws the marks of a node that is touched, steered or selected.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} at
 * @param {number} x CSS pixels
 * @param {number} y
 * @param {number} size
 */
export function drawMarks(context, { marks, colours }, at, x, y, size) {
    context.globalAlpha = 1;
    const flags = marks[4 * at + 2];
    if (flags & (TOUCHED | STEERED)) {
        context.strokeStyle = colours.ink;
        context.lineWidth = Math.max(1.5, size * 0.1);
        context.beginPath();
        if (flags & TOUCHED) context.arc(x, y, size * 0.7, 0, 7);
        if (flags & STEERED) diamond(context, x, y, size * 0.8);
        context.stroke();
    }
    if (marks[4 * at + 3] === CHOSEN) frame(context, colours.ink, x, y, size * 0.72);
}

/**
 * Adds a wire to a path.
 * @param {CanvasPath} path
 * @param {Float32Array} ends
 * @param {number} at
 * @param {{ x: number, y: number, scale: number }} view
 * @param {boolean} straight
 */
export function trace(path, ends, at, { x, y, scale }, straight) {
    const x0 = ends[4 * at] * scale + x;
    const y0 = ends[4 * at + 1] * scale + y;
    const x1 = ends[4 * at + 2] * scale + x;
    const y1 = ends[4 * at + 3] * scale + y;
    path.moveTo(x0, y0);
    if (straight) {
        path.lineTo(x1, y1);
    } else {
        const reach = Math.max(Math.abs(x1 - x0) * 0.45, scale * 0.7);
        path.bezierCurveTo(x0 + reach, y0, x1 - reach, y1, x1, y1);
    }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} half
 */
function diamond(context, x, y, half) {
    context.moveTo(x - half, y);
    context.lineTo(x, y - half);
    context.lineTo(x + half, y);
    context.lineTo(x, y + half);
    context.closePath();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {number} x
 * @param {number} y
 * @param {number} half
 */
function frame(context, colour, x, y, half) {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1.2, half * 0.14);
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
}
