// Draws the graph on a 2D canvas, where WebGL is not hardware-accelerated: the same shapes
// and marks. A picture of wires and gates is made in steps over several frames; the activity
// is drawn over it. Each frame has a bounded number of shapes: wires are thinned out, and
// gates that are small, or many, are squares of pixels.

import { Dots, mix, pixel } from '../ui/dots.js';
import { gateSize, wireAlpha } from './draw.js';
import { BADGES, glyph, sheetInSteps, stamp } from './glyphs.js';
import { ASIDE, CHOSEN, DEAD, FAINT, STEERED, TOUCHED, wires } from './marks.js';
import { drawMarks, gateAlpha, Picture, SMALL, trace, wireWidth } from './picture.js';

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { Scene } from './picture.js' */
/** @import { Index, View } from './view.js' */
/** @import { Colour } from '../ui/dots.js' */
/** @import { Colours, Renderer } from './draw.js' */

/** Gates smaller than this are lit as a square in the middle. */
const MIDDLE = 24;
/** Smallest side of the square of a bent gate. */
const VISIBLE = 4;
/** Up to this number of gates, all except squares are lit as a whole. */
const FEW = 800;
/** Most wires of which those that carry a 1 are lit, and most that show the flow. */
const MOST_LIT = 1200;
const FLOWING = 300;
/** Steps of the picture per frame, and the most milliseconds of script for them. */
const STEPS = 6;
const BUDGET = 1;
/** Up to this number of changed gates, they are redrawn in place. */
const MOST_CHANGED = 400;
/** Time between pictures while the view moves, in milliseconds. */
const PICTURE_INTERVAL = 250;
/** Dash and gap of the flow in CSS pixels, and its speed in CSS pixels a second. */
const DASH = [14, 32];
const SPEED = 70;
/** Opacity of the light: none, then gates that are 0 by how often they toggle, then 1. */
const LIGHTS = [0, 0.2, 0.38, 0.6, 1];
/** Brightness of a gate by its byte of activity: an index of LIGHTS. */
const LIGHT_OF = Uint8Array.from({ length: 256 }, (_, is) => (is > 127 ? 4 : Math.ceil(Math.log2(1 + is) * 3 / 7)));

/** @implements {Renderer} */
export class PlainRenderer {
    /** @param {CanvasRenderingContext2D} context */
    constructor(context) {
        this.context = context;
        /** The picture on screen and the one in progress. */
        this.front = new Picture();
        this.back = new Picture();
        /** @type {Generator<undefined, void, undefined> | null} */
        this.making = null;
        /** True if the picture is out of date. */
        this.stale = true;
        /** Gates to redraw in the picture in progress. @type {Set<number>} */
        this.changed = new Set();
        /** Time at which the last picture was completed, and the view of the last frame. */
        this.madeAt = -Infinity;
        this.at = { x: 0, y: 0, scale: 0, ratio: 0 };
        /** The network; null before the first. @type {Scene | null} */
        this.scene = null;
        /** Number of gates shown. */
        this.count = 0;
        /** Nodes that are touched, steered or selected. @type {number[]} */
        this.marked = [];
        /** @type {Uint8Array | null} */
        this.activity = null;
        this.dots = new Dots();
        this.dotsStale = true;
        /** @type {Colours | null} */
        this.colours = null;
        /** Size of a glyph in the sheets, in pixels. */
        this.cell = 0;
        /** Pixels of lights alone, and of gates by appearance, then by light. */
        this.lights = new Uint32Array(LIGHTS.length);
        this.bodies = new Uint32Array(6 * LIGHTS.length);
    }

    /** @param {Model} model @param {Layout} layout @param {Index} index */
    setNetwork(model, layout, index) {
        const { colours = { ground: '', ink: '', soft: '', one: '', bend: '' }, sheets = [] } = this.scene ?? {};
        this.scene = { model, layout, index, wires: wires(model, layout), marks: new Uint8Array(4 * layout.x.length), colours, sheets };
        this.count = layout.placed.reduce((sum, is) => sum + is, 0);
        this.activity = null;
        this.restart();
        this.front = new Picture();
        if (this.colours) this.setColours(this.colours);
    }

    /** Makes another picture. */
    restart() {
        this.making = null;
        this.stale = true;
        this.dotsStale = true;
    }

    /** @param {Uint8Array} marks @param {number[] | null} changed */
    setMarks(marks, changed) {
        const { scene } = this;
        if (!scene) return;
        scene.marks = marks;
        this.dotsStale = true;
        this.marked = [];
        for (let at = 0; at < scene.layout.x.length; at += 1) {
            if (marks[4 * at + 2] & (TOUCHED | STEERED) || marks[4 * at + 3] === CHOSEN) this.marked.push(at);
        }
        if (!changed || changed.length > MOST_CHANGED) {
            // Without an emphasis, small gates are no part of the picture.
            if (!changed || !this.front.small || this.making) this.stale = true;
            return;
        }
        if (!this.front.empty && this.cell > 0) this.front.redraw(scene, changed);
        if (this.making) for (const node of changed) this.changed.add(node);
    }

    /** @param {Uint8Array | null} nodes */
    setActivity(nodes) {
        this.activity = nodes;
        this.dotsStale = true;
    }

    /** @param {Colours} colours */
    setColours(colours) {
        this.colours = colours;
        this.cell = 0;
        this.restart();
        if (this.scene) this.scene.colours = /** @type {Scene['colours']} */ (Object.fromEntries(Object.entries(colours).map(([name, colour]) => [name, css(colour)])));
        LIGHTS.forEach((light, at) => {
            this.lights[at] = light === 0 ? 0 : pixel(colours.one, light);
            for (const [kind, [body, alpha]] of BODIES.entries()) {
                this.bodies[kind * LIGHTS.length + at] = pixel(mix(colours[body], colours.one, light), alpha);
            }
        });
    }

    /**
     * @param {View} view
     * @param {number} ratio
     * @param {number | null} seconds
     * @returns {boolean}
     */
    draw(view, ratio, seconds) {
        const { context, scene } = this;
        const { canvas } = context;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.globalAlpha = 1;
        context.clearRect(0, 0, canvas.width, canvas.height);
        if (!scene || !this.colours) return false;
        const moves = this.at.x !== view.x || this.at.y !== view.y || this.at.scale !== view.scale || this.at.ratio !== ratio;
        this.at = { x: view.x, y: view.y, scale: view.scale, ratio };
        this.dotsStale ||= moves;
        const more = this.continuePicture(scene, view, ratio, moves);
        // Until the next picture is done, the last one moves with the view.
        this.front.drawOn(context, view, ratio);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        if (this.activity) this.lightWires(scene, view, seconds, this.activity);
        this.drawGates(scene, view, ratio);
        context.globalAlpha = 1;
        return more;
    }

    /**
     * Draws the sheets of glyphs at about the size of the gates, in steps.
     * @param {Scene} scene
     * @param {number} pixels size of a gate
     * @returns {Generator<undefined, void, undefined>}
     */
    * drawSheets(scene, pixels) {
        const cell = Math.min(192, Math.max(8, Math.round(2 ** (Math.ceil(Math.log2(pixels) * 4) / 4))));
        if (cell === this.cell) return;
        const { ground, ink, one, bend } = scene.colours;
        const sheets = [];
        for (const fill of [ground, one]) {
            sheets.push(yield* sheetInSteps((context, kind, line) =>
                (kind < BADGES ? glyph(context, kind, fill, ink, line) : glyph(context, kind, bend, ground)), cell));
        }
        [this.cell, scene.sheets] = [cell, sheets];
    }

    /**
     * Continues the picture.
     * @param {Scene} scene
     * @param {View} view
     * @param {number} ratio
     * @param {boolean} moves
     * @returns {boolean} true if the picture needs more frames
     */
    continuePicture(scene, view, ratio, moves) {
        const { canvas } = this.context;
        if (!this.making) {
            if (!this.stale && this.front.shows(view, ratio, canvas)) return false;
            // While the view moves, make a picture only now and then.
            if (moves && !this.stale && performance.now() - this.madeAt < PICTURE_INTERVAL) return true;
            this.stale = false;
            this.changed.clear();
            this.making = this.makePicture(scene, view, ratio, canvas);
        }
        const until = performance.now() + BUDGET;
        for (let step = 0; step < STEPS && performance.now() < until; step += 1) {
            if (!this.making.next().done) continue;
            this.making = null;
            this.madeAt = performance.now();
            this.back.redraw(scene, this.changed);
            [this.front, this.back] = [this.back, this.front];
            this.dotsStale = true;
            return this.stale || !this.front.shows(view, ratio, canvas);
        }
        return true;
    }

    /**
     * @param {Scene} scene
     * @param {View} view
     * @param {number} ratio
     * @param {HTMLCanvasElement} canvas
     * @returns {Generator<undefined, void, undefined>}
     */
    * makePicture(scene, view, ratio, canvas) {
        const { x, y, scale, width, height } = view;
        const size = gateSize(scale, scene.layout.room);
        if (size >= SMALL) yield* this.drawSheets(scene, size * ratio);
        yield* this.back.make(scene, /** @type {View} */ ({ x, y, scale, width, height }), ratio, canvas);
    }

    /** @param {Scene} scene @param {View} view @param {number | null} seconds @param {Uint8Array} activity */
    lightWires({ wires: { ends, nodes } }, view, seconds, activity) {
        const { context, front: { drawn: [, ...lit], straight } } = this;
        const count = lit.reduce((sum, { length }) => sum + length, 0);
        const alpha = wireAlpha(count, view.scale);
        context.strokeStyle = this.scene?.colours.one ?? '';
        context.lineWidth = wireWidth(view.scale);
        const [some, few] = [MOST_LIT, FLOWING].map((most) => Math.max(1, Math.ceil(count / most)));
        const flows = new Path2D();
        context.beginPath();
        for (const list of lit) {
            for (let next = 0; next < list.length; next += 1) {
                const at = list[next];
                const is = activity[nodes[2 * at]];
                if (!is) continue;
                if (is > 127 && next % some === 0) trace(context, ends, at, view, straight);
                if ((is & 127) > 0 && next % few === 0) trace(flows, ends, at, view, straight);
            }
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

    /** Draws gates that are squares, and the light of all gates. @param {Scene} scene @param {View} view @param {number} ratio */
    drawGates(scene, view, ratio) {
        const { context, front, activity } = this;
        const { layout } = scene;
        const size = gateSize(view.scale, layout.room);
        const squares = size < SMALL || front.small;
        const whole = !squares && size >= (this.count <= FEW ? SMALL : MIDDLE);
        if (whole && activity) this.lightWhole(scene, view, size, activity);
        if (whole || (!squares && !activity)) return;
        if (this.dotsStale) this.fillDots(scene, view, ratio, size, squares);
        this.dots.drawOn(context, this.dotsStale);
        this.dotsStale = false;
        if (!squares) return;
        for (const at of this.marked) {
            drawMarks(context, scene, at, layout.x[at] * view.scale + view.x, layout.y[at] * view.scale + view.y, size);
        }
    }

    /**
     * Makes the squares.
     * @param {Scene} scene
     * @param {View} view
     * @param {number} ratio
     * @param {number} size of a gate, in CSS pixels
     * @param {boolean} squares true to draw the gates, false for their light alone
     */
    fillDots({ layout: { x, y }, marks, model: { nodes, outputs } }, { x: left, y: top, scale, width, height }, ratio, size, squares) {
        const { activity, bodies, dots, lights } = this;
        dots.clear(width, height, ratio);
        const [body, bent, inner] = [0.7 * size, Math.max(1.1 * size, VISIBLE), 0.5 * size].map((side) => dots.side(side));
        const [right, bottom] = [width + size, height + size];
        for (let at = 0; at < x.length; at += 1) {
            const px = x[at] * scale + left;
            const py = y[at] * scale + top;
            if (px < -size || py < -size || px > right || py > bottom) continue;
            const aside = marks[4 * at + 3] === ASIDE;
            const light = activity === null || aside ? 0 : LIGHT_OF[activity[at < nodes ? at : outputs[at - nodes]]];
            if (!squares) {
                if (light > 0) dots.add(px, py, inner, lights[light]);
            } else if (marks[4 * at + 1] === 0) {
                const kind = aside ? 2 : marks[4 * at + 2] & DEAD ? 1 : 0;
                dots.add(px, py, body, bodies[kind * LIGHTS.length + light]);
            } else {
                // A bent gate shows its value within a frame.
                const kind = marks[4 * at + 2] & FAINT ? 5 : aside ? 4 : 3;
                dots.add(px, py, bent, bodies[kind * LIGHTS.length]);
                if (light > 0) dots.add(px, py, inner, bodies[light]);
            }
        }
    }

    /** Lights gates as a whole. @param {Scene} scene @param {View} view @param {number} size @param {Uint8Array} activity */
    lightWhole({ layout, model, marks, sheets }, view, size, activity) {
        const { context } = this;
        for (let at = 0; at < layout.x.length; at += 1) {
            const light = LIGHT_OF[activity[at < model.nodes ? at : model.outputs[at - model.nodes]] ?? 0];
            if (light === 0 || gateAlpha(marks, at) < 0.3) continue;
            const [x, y] = [layout.x[at] * view.scale + view.x, layout.y[at] * view.scale + view.y];
            if (x < -size || y < -size || x > view.width + size || y > view.height + size) continue;
            context.globalAlpha = gateAlpha(marks, at) * LIGHTS[light];
            stamp(context, sheets[1], marks[4 * at], x, y, size);
        }
    }
}

/** Appearances of a gate that is a square: its colour and opacity. @type {[keyof Colours, number][]} */
const BODIES = [['soft', 1], ['soft', 0.32], ['soft', 0.25], ['bend', 1], ['bend', 0.25], ['bend', 0.6]];

/** @param {Colour} colour */
function css(colour) {
    return `rgb(${colour.map((part) => Math.round(part * 255)).join(' ')})`;
}
