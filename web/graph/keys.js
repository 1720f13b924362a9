// The keys of the graph: what each does while the graph has the focus.

/** @import { Graph } from './graph.js' */
/** @import { Bend } from '../types/Bend' */
/** @import { Tool } from './hand.js' */

/**
 * Does what a key is for; what it gives back says whether it was wanted.
 * @callback Press
 * @param {Graph} graph
 * @param {{ key: string, shiftKey: boolean, repeat: boolean }} event
 * @returns {boolean | void} nothing is yes
 */

/** @type {(bend: Bend | null) => Press} */
const paint = (bend) => (graph) => graph.paint(bend);
/** @type {(tool: Tool) => Press} */
const take = (tool) => (graph) => graph.tools.take(tool);
/** @type {(factor: number) => Press} */
const zoom = (factor) => (graph) => graph.zoom(factor);
/** @type {(factor: number) => Press} */
const resize = (factor) => ({ tools }) => tools.resize(tools.radius * factor);
/** @type {Press} */
const walk = (graph, { key, shiftKey }) => graph.walk(key, shiftKey);

/**
 * @typedef {object} Row
 * @property {string[]} keys as they are written
 * @property {string} what they do
 * @property {Record<string, Press>} press by the browser's names; small letters are either
 */

/** @type {Row[]} */
export const KEYS = [
    {
        keys: ['Arrows'],
        what: 'walk: left to an operand, right to a reader (with Shift, the other one), up and down the column',
        press: { ArrowLeft: walk, ArrowRight: walk, ArrowUp: walk, ArrowDown: walk },
    },
    {
        keys: ['Enter', 'Escape'],
        what: 'select; select nothing',
        press: { Enter: (graph) => graph.choose(), Escape: (graph) => graph.leave() },
    },
    {
        keys: ['0', '1', 'I', 'Delete'],
        what: 'bend it to 0, 1 or inverted, or its cone by a cone\'s tool; straighten',
        press: { 0: paint('zero'), 1: paint('one'), i: paint('invert'), Delete: paint(null), Backspace: paint(null) },
    },
    {
        keys: ['V', 'D', 'W', 'C', 'Shift C'],
        what: 'look, brush, box, cone of what it depends on, of what depends on it',
        press: { v: take('look'), d: take('brush'), w: take('box'), c: take('fan-in'), C: take('fan-out') },
    },
    {
        keys: [',', '.'],
        what: 'smaller and larger brush',
        press: { ',': resize(1 / 1.3), '.': resize(1.3) },
    },
    {
        keys: ['+', '-', 'F', 'Z'],
        what: 'nearer, farther, all of it, the whole window',
        press: {
            '+': zoom(1.3), '=': zoom(1.3), '-': zoom(1 / 1.3), f: (graph) => graph.fit(), z: (graph) => graph.widen(),
        },
    },
    {
        keys: ['Space'],
        what: 'held, a drag moves',
        press: { ' ': ({ hand }, { repeat }) => { if (!repeat) hand.setSpace(true); } },
    },
];

/** @type {Map<string, Press>} */
const PRESSES = new Map(KEYS.flatMap(({ press }) => Object.entries(press)));

/**
 * What a key does; nothing, if the graph has no such key.
 * @param {string} key
 */
export function pressOf(key) {
    return PRESSES.get(key) ?? PRESSES.get(key.toLowerCase());
}
