// Glyphs of gates, for the graph and for the inspector. Operations differ in shape, never
// only in colour.

import { OPS } from './ops.js';

/** Kinds of glyphs besides the operations, 0 to 15. */
export const INPUT = 16;
export const OUTPUT = 17;
/** First of the badges of bends: 0, 1, inverted, another operation. */
export const BADGES = 18;
const KINDS = 22;

/** Size of an atlas cell in pixels; columns and rows of a sheet. */
const CELL = 128;
export const ATLAS_COLUMNS = 8;
export const ATLAS_ROWS = 4;
const BUBBLE = 0.085;
const LINE = 0.065;

/**
 * Draws a glyph centred at (0, 0), 1 wide.
 * @param {CanvasRenderingContext2D} context
 * @param {number} kind
 * @param {string} fill
 * @param {string} ink
 * @param {number} [line] width
 */
export function glyph(context, kind, fill, ink, line = LINE) {
    context.lineWidth = line;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.fillStyle = fill;
    context.strokeStyle = ink;
    if (kind >= BADGES) return badge(context, kind - BADGES);
    context.beginPath();
    body(context, kind);
    context.fill();
    context.stroke();
    const op = OPS[kind];
    if (!op) return;
    if (op.family === 'xor') {
        context.beginPath();
        context.moveTo(-0.43, -0.32);
        context.quadraticCurveTo(-0.27, 0, -0.43, 0.32);
        context.stroke();
    }
    if (op.family === 'constant') digit(context, kind === 15, 0.17);
    const tip = { constant: 0, and: 0.33, or: 0.36, xor: 0.36, wire: 0.3 }[op.family];
    if (op.inverted) ring(context, tip + BUBBLE * 0.6, 0);
    if (op.bubble) ring(context, -0.35, op.bubble === 'a' ? -0.17 : 0.17);
}

/** @param {CanvasRenderingContext2D} context @param {number} kind */
function body(context, kind) {
    if (kind === INPUT) return polygon(context, [-0.4, -0.25, 0.16, -0.25, 0.4, 0, 0.16, 0.25, -0.4, 0.25]);
    if (kind === OUTPUT) return polygon(context, [-0.4, -0.25, 0.4, -0.25, 0.4, 0.25, -0.4, 0.25, -0.18, 0]);
    // An input bubble must fit in the cell, left of the gate.
    const left = OPS[kind].bubble ? -0.28 : -0.36;
    switch (OPS[kind].family) {
        case 'constant':
            return polygon(context, [-0.3, -0.3, 0.3, -0.3, 0.3, 0.3, -0.3, 0.3]);
        case 'wire':
            return polygon(context, [-0.32, -0.3, 0.3, 0, -0.32, 0.3]);
        case 'and':
            context.moveTo(0, -0.32);
            context.arc(0.01, 0, 0.32, -Math.PI / 2, Math.PI / 2);
            context.lineTo(left, 0.32);
            context.lineTo(left, -0.32);
            return context.closePath();
        default:
            context.moveTo(-0.34, -0.32);
            context.quadraticCurveTo(0.14, -0.34, 0.36, 0);
            context.quadraticCurveTo(0.14, 0.34, -0.34, 0.32);
            context.quadraticCurveTo(-0.18, 0, -0.34, -0.32);
            return context.closePath();
    }
}

/** @param {CanvasRenderingContext2D} context @param {number[]} points */
function polygon(context, points) {
    for (let at = 0; at < points.length; at += 2) context.lineTo(points[at], points[at + 1]);
    context.closePath();
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y */
function ring(context, x, y) {
    context.beginPath();
    context.arc(x, y, BUBBLE, 0, 7);
    context.fill();
    context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {boolean} one @param {number} size */
function digit(context, one, size) {
    context.beginPath();
    if (one) {
        context.moveTo(-size * 0.45, -size * 0.55);
        context.lineTo(0.02, -size);
        context.lineTo(0.02, size);
    } else {
        context.ellipse(0, 0, size * 0.6, size, 0, 0, 7);
    }
    context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {number} which */
function badge(context, which) {
    context.beginPath();
    context.arc(0, 0, 0.44, 0, 7);
    context.fill();
    context.lineWidth = 0.13;
    if (which < 2) return digit(context, which === 1, 0.24);
    context.beginPath();
    if (which === 2) {
        context.moveTo(-0.24, -0.1);
        context.lineTo(0.24, -0.1);
        context.lineTo(0.24, 0.14);
    } else {
        context.moveTo(-0.22, 0);
        context.lineTo(0.22, 0);
        context.moveTo(0, -0.22);
        context.lineTo(0, 0.22);
        context.moveTo(-0.16, -0.16);
        context.lineTo(0.16, 0.16);
        context.moveTo(-0.16, 0.16);
        context.lineTo(0.16, -0.16);
    }
    context.stroke();
}

/**
 * Draws the atlas: fills in the red channel, lines in the green channel.
 * @returns {HTMLCanvasElement}
 */
export function atlas() {
    return sheet((context, kind) => glyph(context, kind, '#f00', '#0f0'));
}

/**
 * Draws a sheet of all glyphs.
 * @param {(context: CanvasRenderingContext2D, kind: number, line: number) => void} draw
 */
export function sheet(draw) {
    const steps = sheetInSteps(draw, CELL);
    for (;;) {
        const { done, value } = steps.next();
        if (done) return value;
    }
}

/**
 * Draws a sheet of all glyphs, one glyph a step.
 * @param {(context: CanvasRenderingContext2D, kind: number, line: number) => void} draw
 * @param {number} cell pixels
 * @returns {Generator<undefined, HTMLCanvasElement, undefined>}
 */
export function* sheetInSteps(draw, cell) {
    const canvas = document.createElement('canvas');
    canvas.width = cell * ATLAS_COLUMNS;
    canvas.height = cell * ATLAS_ROWS;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    for (let kind = 0; kind < KINDS; kind += 1) {
        const [x, y] = cellOf(kind);
        context.setTransform(cell * 0.97, 0, 0, cell * 0.97, (x + 0.5) * cell, (y + 0.5) * cell);
        // A line thinner than a pixel would be invisible.
        draw(context, kind, Math.max(LINE, 1 / cell));
        yield;
    }
    return canvas;
}

/** @param {number} kind @returns {[number, number]} column and row in a sheet */
function cellOf(kind) {
    return [kind % ATLAS_COLUMNS, Math.floor(kind / ATLAS_COLUMNS)];
}

/**
 * Draws a cell of a sheet.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} from
 * @param {number} kind
 * @param {number} x centre
 * @param {number} y
 * @param {number} size
 */
export function stamp(context, from, kind, x, y, size) {
    const [column, row] = cellOf(kind);
    const cell = from.width / ATLAS_COLUMNS;
    context.drawImage(from, column * cell, row * cell, cell, cell, x - size / 2, y - size / 2, size, size);
}
