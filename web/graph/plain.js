// Draws the graph on a 2D canvas, where WebGL is not hardware-accelerated: the same shapes
// and marks. The static part is an image that is redrawn in slices of a millisecond; the
// activity is drawn over it in a few paths. This bounds the work of each frame.

import { gateSize, wireAlpha } from './draw.js';
import { BADGES, glyph, sheetInSteps, stamp } from './glyphs.js';
import { ASIDE, CHOSEN, DEAD, FAINT, IN_CONE, STEERED, TOUCHED, wires } from './marks.js';

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { View } from './view.js' */
/** @import { Colour, Colours, Renderer } from './draw.js' */

/** Gates smaller than this, in CSS pixels, are drawn as squares. */
const SMALL = 7;
/** Gates smaller than this are lit as a square in the middle. */
const MIDDLE = 24;
/** Up to this number of gates, all except squares are lit as a whole. */
const FEW = 800;
/** Above this number of wires, wires are drawn straight. */
const STRAIGHT = 1500;
/** Most wires that show the flow. */
const FLOWING = 500;
/** Milliseconds per frame spent on the image, and items drawn between looks at the clock. */
const BUDGET = 1;
const PIECE = 64;
/** Time between images while the view moves, in milliseconds. */
const IMAGE_INTERVAL = 250;
/** Dash and gap of the flow in CSS pixels, and its speed in CSS pixels a second. */
const DASH = [14, 32];
const SPEED = 70;
/** Opacity of the light: a gate that is 1, then gates that are 0 by how often they toggle. */
const LIGHTS = [1, 0.2, 0.38, 0.6];

/** An image and the view that it shows. @typedef {{ canvas: HTMLCanvasElement, x: number, y: number, scale: number, ratio: number }} Snapshot */

/** @implements {Renderer} */
export class PlainRenderer {
    /** @param {CanvasRenderingContext2D} context */
    constructor(context) {
        this.context = context;
        /** The image on screen and the one in progress. */
        this.front = snapshot();
        this.back = snapshot();
        /** @type {Generator<undefined, void, undefined> | null} */
        this.making = null;
        this.stale = true;
        /** Time at which the last image was completed, and the view of the last frame. */
        this.madeAt = -Infinity;
        this.at = { x: 0, y: 0, scale: 0 };
        /** @type {Model | null} */
        this.model = null;
        /** @type {Layout | null} */
        this.layout = null;
        /** Number of gates shown. */
        this.count = 0;
        /** @type {ReturnType<typeof wires>} */
        this.wires = { count: 0, ends: new Float32Array(), nodes: new Uint32Array() };
        /** @type {Uint8Array} */
        this.marks = new Uint8Array();
        /** @type {Uint8Array | null} */
        this.activity = null;
        this.colours = { ground: '', ink: '', soft: '', one: '', bend: '' };
        /** Sheets of glyphs for 0 and for 1. @type {HTMLCanvasElement[]} */
        this.sheets = [];
        /** Size of a glyph in the sheets, in pixels. */
        this.cell = 0;
    }

    /** @param {Model} model @param {Layout} layout */
    setNetwork(model, layout) {
        [this.model, this.layout] = [model, layout];
        this.wires = wires(model, layout);
        this.count = layout.placed.reduce((sum, is) => sum + is, 0);
        this.activity = null;
        this.making = null;
        this.stale = true;
        this.front = snapshot();
    }

    /** @param {Uint8Array} marks */
    setMarks(marks) {
        this.marks = marks.slice();
        this.stale = true;
    }

    /** @param {Uint8Array | null} nodes */
    setActivity(nodes) {
        this.activity = nodes;
    }

    /** @param {Colours} colours */
    setColours(colours) {
        const [ground, ink, soft, one, bend] = [colours.ground, colours.ink, colours.soft, colours.one, colours.bend].map(css);
        this.colours = { ground, ink, one, bend, soft };
        this.cell = 0;
        this.making = null;
        this.stale = true;
    }

    /**
     * @param {View} view
     * @param {number} ratio
     * @param {number | null} seconds
     * @returns {boolean}
     */
    draw(view, ratio, seconds) {
        const { context, model, layout } = this;
        const { canvas } = context;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        if (!model || !layout || this.colours.ink === '') return false;
        const more = this.continueImage(view, ratio);
        const { front } = this;
        // Until the next image is done, the last one moves with the view.
        const by = (view.scale * ratio) / (front.scale * front.ratio);
        context.setTransform(by, 0, 0, by, view.x * ratio - front.x * front.ratio * by, view.y * ratio - front.y * front.ratio * by);
        context.drawImage(front.canvas, 0, 0);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        if (this.activity) {
            this.lightWires(view, seconds, this.activity);
            this.lightGates(view, model, layout, this.activity);
        }
        context.globalAlpha = 1;
        return more;
    }

    /**
     * Draws the sheets of glyphs at about the size of the gates, in steps.
     * @param {number} pixels size of a gate
     * @returns {Generator<undefined, void, undefined>}
     */
    * drawSheets(pixels) {
        const cell = Math.min(192, Math.max(8, Math.round(2 ** (Math.ceil(Math.log2(pixels) * 4) / 4))));
        if (cell === this.cell) return;
        const { ground, ink, one, bend } = this.colours;
        const sheets = [];
        for (const fill of [ground, one]) {
            sheets.push(yield* sheetInSteps((context, kind, line) =>
                (kind < BADGES ? glyph(context, kind, fill, ink, line) : glyph(context, kind, bend, ground)), cell));
        }
        [this.cell, this.sheets] = [cell, sheets];
    }

    /**
     * Continues the image.
     * @param {View} view
     * @param {number} ratio
     * @returns {boolean} true if the image needs more frames
     */
    continueImage(view, ratio) {
        const { canvas } = this.context;
        const same = ({ x, y, scale, ratio: other, canvas: { width, height } } = this.front) => x === view.x &&
            y === view.y && scale === view.scale && other === ratio && width === canvas.width && height === canvas.height;
        if (!this.making) {
            if (!this.stale && same()) return false;
            // While the view moves, draw an image only now and then.
            const moves = !(view.x === this.at.x && view.y === this.at.y && view.scale === this.at.scale);
            this.at = { x: view.x, y: view.y, scale: view.scale };
            if (moves && !this.stale && performance.now() - this.madeAt < IMAGE_INTERVAL) return true;
            this.stale = false;
            const { back } = this;
            Object.assign(back, { x: view.x, y: view.y, scale: view.scale, ratio });
            if (back.canvas.width !== canvas.width || back.canvas.height !== canvas.height) {
                [back.canvas.width, back.canvas.height] = [canvas.width, canvas.height];
            }
            this.making = this.drawStatic(back);
        }
        const until = performance.now() + BUDGET;
        while (performance.now() < until) {
            if (!this.making.next().done) continue;
            this.making = null;
            this.madeAt = performance.now();
            [this.front, this.back] = [this.back, this.front];
            return this.stale || !same();
        }
        return true;
    }

    /** Draws the static part, in steps. @param {Snapshot} into @returns {Generator<undefined, void, undefined>} */
    * drawStatic({ canvas, x: left, y: top, scale, ratio }) {
        const { model, layout, marks, colours, wires: { count, ends, nodes } } = this;
        const context = canvas.getContext('2d');
        if (!context || !model || !layout) return;
        const alpha = wireAlpha(count, scale);
        const [wide, high] = [canvas.width / ratio, canvas.height / ratio];
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.clearRect(0, 0, wide, high);
        context.strokeStyle = colours.soft;
        const width = wireWidth(scale);
        for (const [kind, much] of [[-1, 0.22], [0, 1], [1, 2]]) {
            if (alpha * much < 0.03) continue;
            context.lineWidth = kind > 0 ? 1.5 * width : width;
            context.globalAlpha = Math.min(1, alpha * much);
            for (let from = 0; from < count; from += PIECE) {
                context.beginPath();
                for (let at = from; at < Math.min(count, from + PIECE); at += 1) {
                    if (emphasis(marks, nodes, at) === kind) trace(context, ends, at, left, top, scale, wide, high, count);
                }
                context.stroke();
                yield;
            }
        }
        const size = gateSize(scale, layout.room);
        yield* this.drawSheets(size * ratio);
        const { sheets } = this;
        for (let at = 0; at < layout.x.length; at += 1) {
            if (at % PIECE === 0) yield;
            const [x, y] = [layout.x[at] * scale + left, layout.y[at] * scale + top];
            if (x < -size || y < -size || x > wide + size || y > high + size) continue;
            const bend = marks[4 * at + 1];
            const flags = marks[4 * at + 2];
            context.globalAlpha = gateAlpha(marks, at);
            if (size < SMALL) {
                context.fillStyle = bend ? colours.bend : colours.soft;
                context.fillRect(x - size * 0.35, y - size * 0.35, size * 0.7, size * 0.7);
            } else {
                stamp(context, sheets[0], marks[4 * at], x, y, size);
            }
            if (bend) {
                context.globalAlpha = flags & FAINT ? 0.6 : 1;
                frame(context, colours.bend, x, y, size * 0.56);
                if (size >= SMALL) stamp(context, sheets[0], BADGES - 1 + bend, x + size * 0.5, y - size * 0.5, size * 0.62);
            }
            context.globalAlpha = 1;
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
    }

    /** @param {View} view @param {number | null} seconds @param {Uint8Array} activity */
    lightWires(view, seconds, activity) {
        const { context, marks, wires: { count, ends, nodes } } = this;
        const width = wireWidth(view.scale);
        const alpha = wireAlpha(count, view.scale);
        const some = Math.max(1, Math.ceil(count / FLOWING));
        context.strokeStyle = this.colours.one;
        context.lineWidth = width;
        const flows = new Path2D();
        context.beginPath();
        for (let at = 0; at < count; at += 1) {
            const is = activity[nodes[2 * at]];
            if (!is || emphasis(marks, nodes, at) < 0) continue;
            if (is > 127) trace(context, ends, at, view.x, view.y, view.scale, view.width, view.height, count);
            if ((is & 127) > 0 && at % some === 0) trace(flows, ends, at, view.x, view.y, view.scale, view.width, view.height, count);
        }
        context.globalAlpha = Math.min(1, alpha);
        context.stroke();
        context.globalAlpha = Math.min(1, alpha * 1.8 + 0.1);
        if (seconds !== null) {
            context.setLineDash(DASH);
            context.lineDashOffset = -((seconds * SPEED) % (DASH[0] + DASH[1]));
        }
        context.stroke(flows);
        context.setLineDash([]);
    }

    /** @param {View} view @param {Model} model @param {Layout} layout @param {Uint8Array} activity */
    lightGates(view, model, layout, activity) {
        const { context, marks, colours, sheets } = this;
        const size = gateSize(view.scale, layout.room);
        const whole = this.count <= FEW ? SMALL : MIDDLE;
        const paths = LIGHTS.map(() => new Path2D());
        const [w, h] = size < SMALL ? [0.7, 0.7] : [0.5, 0.5];
        for (let at = 0; at < layout.x.length; at += 1) {
            const is = activity[at < model.nodes ? at : model.outputs[at - model.nodes]];
            if (!is || gateAlpha(marks, at) < 0.3) continue;
            const [x, y] = [layout.x[at] * view.scale + view.x, layout.y[at] * view.scale + view.y];
            if (x < -size || y < -size || x > view.width + size || y > view.height + size) continue;
            const light = is > 127 ? 0 : Math.ceil(Math.log2(1 + is) * 3 / 7);
            if (size >= whole && sheets.length > 0) {
                context.globalAlpha = gateAlpha(marks, at) * LIGHTS[light];
                stamp(context, sheets[1], marks[4 * at], x, y, size);
            } else {
                paths[light].rect(x - w * size / 2, y - h * size / 2, w * size, h * size);
            }
        }
        context.fillStyle = colours.one;
        LIGHTS.forEach((light, which) => {
            context.globalAlpha = light;
            context.fill(paths[which]);
        });
    }
}

/** @returns {Snapshot} an empty image */
function snapshot() {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    return { canvas, x: 0, y: 0, scale: 1, ratio: 1 };
}

/**
 * Returns the emphasis of a wire: -1 outside the cone, 0 without a cone, 1 in the cone.
 * @param {Uint8Array} marks
 * @param {Uint32Array} nodes
 * @param {number} at
 */
function emphasis(marks, nodes, at) {
    const [from, to] = [4 * nodes[2 * at], 4 * nodes[2 * at + 1]];
    if (marks[from + 3] >= IN_CONE && marks[to + 3] >= IN_CONE) return 1;
    return marks[from + 3] === ASIDE || marks[to + 3] === ASIDE || marks[to + 2] & DEAD ? -1 : 0;
}

/** @param {Uint8Array} marks @param {number} at */
function gateAlpha(marks, at) {
    return marks[4 * at + 3] === ASIDE ? 0.25 : marks[4 * at + 2] & DEAD ? 0.32 : 1;
}

/** @param {number} scale */
function wireWidth(scale) {
    return Math.max(0.8, Math.min(2.4, scale * 0.05));
}

/**
 * Adds a wire to a path, if it may be visible.
 * @param {CanvasPath} path
 * @param {Float32Array} ends
 * @param {number} at
 * @param {number} left
 * @param {number} top
 * @param {number} scale
 * @param {number} wide
 * @param {number} high
 * @param {number} count
 */
function trace(path, ends, at, left, top, scale, wide, high, count) {
    const x0 = ends[4 * at] * scale + left;
    const y0 = ends[4 * at + 1] * scale + top;
    const x1 = ends[4 * at + 2] * scale + left;
    const y1 = ends[4 * at + 3] * scale + top;
    if ((x0 < 0 && x1 < 0) || (x0 > wide && x1 > wide) || (y0 < 0 && y1 < 0) || (y0 > high && y1 > high)) return;
    path.moveTo(x0, y0);
    if (count > STRAIGHT) {
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

/** @param {Colour} colour */
function css(colour) {
    return `rgb(${colour.map((part) => Math.round(part * 255)).join(' ')})`;
}
