// Draws the overlay of the graph: names of inputs and outputs, and the shapes of the tool
// in use. Redrawn only when one of them changes.

import { gateSize } from './draw.js';

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { View } from './view.js' */

/**
 * Shapes that show what the tool in use is about to do, in CSS pixels.
 * @typedef {object} Preview
 * @property {{ x: number, y: number, radius: number }} [brush]
 * @property {{ x0: number, y0: number, x1: number, y1: number }} [box]
 * @property {{ x0: number, y0: number, x1: number, y1: number, allowed: boolean }} [wire]
 */

/** Distance from a gate to its name, in CSS pixels. */
const NAME_GAP = 4;

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {View} view
 * @param {{ model: Model, layout: Layout } | null} shown
 * @param {{ ink: string, soft: string, bend: string, bad: string }} colours
 * @param {Preview} preview
 */
export function drawOverlay(context, view, shown, colours, preview) {
    context.clearRect(0, 0, view.width, view.height);
    if (shown) names(context, view, shown, colours.soft);
    context.lineWidth = 1.5;
    const { brush, box, wire } = preview;
    if (brush) {
        context.strokeStyle = colours.ink;
        context.beginPath();
        context.arc(brush.x, brush.y, brush.radius, 0, 7);
        context.stroke();
    }
    if (box) {
        context.strokeStyle = colours.ink;
        context.setLineDash([5, 4]);
        context.strokeRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
        context.setLineDash([]);
    }
    if (wire) {
        context.strokeStyle = wire.allowed ? colours.bend : colours.bad;
        context.lineWidth = 2.5;
        if (!wire.allowed) context.setLineDash([6, 5]);
        context.beginPath();
        context.moveTo(wire.x0, wire.y0);
        const reach = Math.max(20, Math.abs(wire.x0 - wire.x1) * 0.45);
        context.bezierCurveTo(wire.x0 - reach, wire.y0, wire.x1 + reach, wire.y1, wire.x1, wire.y1);
        context.stroke();
        context.setLineDash([]);
    }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {{ model: Model, layout: Layout }} shown
 * @param {string} colour
 */
function names(context, view, { model, layout }, colour) {
    const beside = gateSize(view.scale, layout.room) * 0.45 + NAME_GAP;
    const size = Math.max(9, Math.min(14, view.scale * 0.45));
    context.font = `${size}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace`;
    context.fillStyle = colour;
    context.textBaseline = 'middle';
    const put = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ side, /** @type {(at: number) => string} */ name) => {
        let least = -Infinity;
        context.textAlign = side < 0 ? 'right' : 'left';
        for (let at = from; at < to; at += 1) {
            const [x, y] = view.toPixels(layout.x[at], layout.y[at]);
            if (y < least || y < -size || y > view.height + size) continue;
            context.fillText(name(at - from), x + side * beside, y);
            least = y + size;
        }
    };
    // A folded column has no room for names.
    if (layout.x[Math.max(0, model.inputs - 1)] === layout.x[0]) put(0, model.inputs, -1, (at) => model.inputName(at));
    const end = layout.x.length;
    if (end > model.nodes && layout.x[end - 1] === layout.x[model.nodes]) {
        put(model.nodes, end, 1, (at) => model.outputName(at));
    }
}
