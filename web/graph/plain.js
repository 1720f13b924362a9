// Draws the graph on a plain canvas, where there is no WebGL: the same shapes and marks,
// without light that flows. Wires are kept in a picture until the view changes.

import { wireAlpha } from './draw.js';
import { BADGES, sheet, glyph, stamp } from './glyphs.js';
import { ASIDE, CHOSEN, DEAD, STEERED, TOUCHED, wires } from './marks.js';

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { View } from './view.js' */
/** @import { Colour, Colours, Renderer } from './draw.js' */

/** Below this, in CSS pixels, a gate is a plain square. */
const SMALL = 7;
/** More wires than this are drawn straight. */
const STRAIGHT = 3000;

/** @implements {Renderer} */
export class PlainRenderer {
    /** @param {CanvasRenderingContext2D} context */
    constructor(context) {
        this.context = context;
        this.wirePicture = document.createElement('canvas');
        this.drawn = '';
        this.stale = true;
        /** @type {Model | null} */
        this.model = null;
        /** @type {Layout | null} */
        this.layout = null;
        /** @type {ReturnType<typeof wires>} */
        this.wires = { count: 0, ends: new Float32Array(), nodes: new Uint32Array() };
        /** @type {Uint8Array} */
        this.marks = new Uint8Array();
        /** @type {Uint8Array | null} */
        this.activity = null;
        this.colours = { ink: '', soft: '', one: '', bend: '' };
        /** Pictures of what is 0, and of what is 1. @type {HTMLCanvasElement[]} */
        this.sheets = [];
    }

    /** @param {Model} model @param {Layout} layout */
    setNetwork(model, layout) {
        [this.model, this.layout] = [model, layout];
        this.wires = wires(model, layout);
        this.activity = null;
        this.stale = true;
    }

    /** @param {Uint8Array} marks */
    setMarks(marks) {
        this.marks = marks;
        this.stale = true;
    }

    /** @param {Uint8Array | null} nodes */
    setActivity(nodes) {
        this.activity = nodes;
    }

    /** @param {Colours} colours */
    setColours(colours) {
        const [ground, ink, one, bend] = [colours.ground, colours.ink, colours.one, colours.bend].map(css);
        this.colours = { ink, one, bend, soft: css(colours.soft) };
        this.sheets = [ground, one].map((fill) => sheet((context, kind) =>
            (kind < BADGES ? glyph(context, kind, fill, ink) : glyph(context, kind, bend, ground))));
        this.stale = true;
    }

    /** @param {View} view @param {number} ratio */
    draw(view, ratio) {
        const { context, model, layout, marks, colours } = this;
        const { width, height } = context.canvas;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, width, height);
        if (!model || !layout || this.sheets.length === 0) return;
        this.drawWires(view, ratio);
        context.drawImage(this.wirePicture, 0, 0);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        const size = view.scale;
        for (let at = 0; at < layout.x.length; at += 1) {
            const [x, y] = view.toPixels(layout.x[at], layout.y[at]);
            if (x < -size || y < -size || x > view.width + size || y > view.height + size) continue;
            const [kind, bend, flags, emphasis] = marks.subarray(4 * at, 4 * at + 4);
            const activity = this.activity?.[at < model.nodes ? at : model.outputs[at - model.nodes]] ?? 0;
            context.globalAlpha = emphasis === ASIDE ? 0.25 : flags & DEAD ? 0.32 : 1;
            if (size < SMALL) {
                context.fillStyle = bend ? colours.bend : activity >> 7 ? colours.one : colours.soft;
                context.fillRect(x - size * 0.35, y - size * 0.35, size * 0.7, size * 0.7);
            } else {
                stamp(context, this.sheets[activity >> 7], kind, x, y, size);
                const level = Math.log2(1 + (activity & 127)) / 7;
                context.fillStyle = colours.one;
                context.fillRect(x - size * 0.36 * level, y + size * 0.42, size * 0.72 * level, size * 0.08);
                if (bend) stamp(context, this.sheets[0], BADGES - 1 + bend, x + size * 0.45, y - size * 0.4, size * 0.55);
            }
            context.globalAlpha = 1;
            if (bend) frame(context, colours.bend, x, y, size * 0.56);
            if (flags & (TOUCHED | STEERED) || emphasis === CHOSEN) frame(context, colours.ink, x, y, size * 0.68);
        }
    }

    /** @param {View} view @param {number} ratio */
    drawWires(view, ratio) {
        const seen = [view.x, view.y, view.scale, this.context.canvas.width, this.context.canvas.height].join();
        if (!this.stale && seen === this.drawn) return;
        [this.stale, this.drawn] = [false, seen];
        const { count, ends, nodes } = this.wires;
        const { wirePicture: picture, context: { canvas } } = this;
        [picture.width, picture.height] = [canvas.width, canvas.height];
        const context = picture.getContext('2d');
        if (!context) return;
        const alpha = wireAlpha(count, view.scale);
        for (const aside of [true, false]) {
            context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
            context.beginPath();
            for (let at = 0; at < count; at += 1) {
                const dim = [nodes[2 * at], nodes[2 * at + 1]].some((node) =>
                    this.marks[4 * node + 3] === ASIDE || this.marks[4 * node + 2] & DEAD);
                if (dim !== aside) continue;
                const [x0, y0, x1, y1] = ends.subarray(4 * at, 4 * at + 4);
                context.moveTo(x0, y0);
                const reach = Math.max(Math.abs(x1 - x0) * 0.45, 0.7);
                if (count > STRAIGHT) context.lineTo(x1, y1);
                else context.bezierCurveTo(x0 + reach, y0, x1 - reach, y1, x1, y1);
            }
            context.setTransform(ratio, 0, 0, ratio, 0, 0);
            context.lineWidth = Math.max(0.8, Math.min(2.4, view.scale * 0.05));
            context.globalAlpha = alpha * (aside ? 0.22 : 1);
            context.strokeStyle = this.colours.soft;
            context.stroke();
        }
    }
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
    context.lineWidth = Math.max(1.5, half * 0.14);
    context.strokeRect(x - half, y - half, 2 * half, 2 * half);
}

/** @param {Colour} colour */
function css(colour) {
    return `rgb(${colour.map((part) => Math.round(part * 255)).join(' ')})`;
}
