// Keyboard commands of the graph, available while it has the focus.

/** @import { Graph } from './graph.js' */
/** @import { Bend } from '../types/Bend' */
/** @import { Tool } from './pointer-input.js' */

/**
 * The action of a key.
 * @callback Press
 * @param {Graph} graph
 * @param {{ key: string, shiftKey: boolean, repeat: boolean }} event
 * @returns {boolean | void} false if the key was not used
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
 * @property {string[]} keys as shown in the help
 * @property {string} what description of the action
 * @property {Record<string, Press>} press actions by `KeyboardEvent.key`; a lower-case letter matches both cases
 */

/** @type {Row[]} */
export const KEYS = [
    {
        keys: ['Arrows'],
        what: 'follow wires: left to an operand, right to a reader (with Shift, the other one); up and down the column',
        press: { ArrowLeft: walk, ArrowRight: walk, ArrowUp: walk, ArrowDown: walk },
    },
    {
        keys: ['Enter', 'Escape'],
        what: 'select; clear the selection',
        press: { Enter: (graph) => graph.choose(), Escape: (graph) => graph.leave() },
    },
    {
        keys: ['0', '1', 'I', 'Delete'],
        what: 'bend the gate to 0, 1 or flipped, with Before or After all those gates; remove the bend',
        press: { 0: paint('zero'), 1: paint('one'), i: paint('invert'), Delete: paint(null), Backspace: paint(null) },
    },
    {
        keys: ['V', 'D', 'W', 'C', 'Shift C'],
        what: 'inspect, paint, box, everything before, everything after',
        press: { v: take('look'), d: take('brush'), w: take('box'), c: take('fan-in'), C: take('fan-out') },
    },
    {
        keys: [',', '.'],
        what: 'smaller and larger brush',
        press: { ',': resize(1 / 1.3), '.': resize(1.3) },
    },
    {
        keys: ['+', '-', 'F', 'Z'],
        what: 'zoom in, zoom out, fit, whole window',
        press: {
            '+': zoom(1.3), '=': zoom(1.3), '-': zoom(1 / 1.3), f: (graph) => graph.fit(), z: (graph) => graph.widen(),
        },
    },
    {
        keys: ['Space'],
        what: 'hold and drag to move the view',
        press: { ' ': ({ input }, { repeat }) => { if (!repeat) input.setSpace(true); } },
    },
];

/** @type {Map<string, Press>} */
const PRESSES = new Map(KEYS.flatMap(({ press }) => Object.entries(press)));

/**
 * Returns the action of a key, if it has one.
 * @param {string} key
 */
export function pressOf(key) {
    return PRESSES.get(key) ?? PRESSES.get(key.toLowerCase());
}
