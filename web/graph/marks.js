// Marks for the renderers: the present appearance of each node, then of each output, in four
// bytes: kind (an operation, INPUT or OUTPUT), bend, flags and emphasis.

import { INPUT, OUTPUT } from './glyphs.js';

/** @import { Bend } from '../types/Bend' */
/** @import { State } from '../types/State' */
/** @import { Model } from './model.js' */

/** Values of the bend byte; 0 is no bend. */
export const BENDS = { zero: 1, one: 2, invert: 3, op: 4 };

/** Flag: no output depends on the node. */
export const DEAD = 1;
/** Flag: under a finger on the pad. */
export const TOUCHED = 2;
/** Flag: bent by an analog input. */
export const STEERED = 4;
/** Flag: the bend is part of the network, or without effect at its layer's strength. */
export const FAINT = 8;

/** Emphasis while a cone is highlighted: outside it, inside it, and its origin. */
export const ASIDE = 1;
export const IN_CONE = 2;
export const CHOSEN = 3;

/**
 * Calls back with every bend: the network's own, then those of each layer from the lowest.
 * @param {Model} model
 * @param {State} state
 * @param {ReadonlyMap<number, Bend | null>} pending bends that were sent and not yet confirmed
 * @param {(node: number, bend: Bend, audible: boolean) => void} call audible: in effect,
 *   unless a higher bend is
 */
function eachBend(model, state, pending, call) {
    for (const [node, bend] of model.masks) call(node, bend, false);
    const { layers = [], chosen = 0 } = state.layers ?? {};
    layers.forEach(({ bends }, at) => {
        const over = at === chosen && pending.size > 0;
        for (let next = 0; next < bends.length; next += 1) {
            const bend = bends[next];
            if (bend[0] < model.nodes && !(over && pending.has(bend[0]))) call(bend[0], bend[1], bend[2]);
        }
        if (!over) return;
        for (const [node, bend] of pending) if (bend !== null) call(node, bend, true);
    });
}

/**
 * Returns a node's bend: the highest that is audible, else the highest.
 * @param {number} node
 * @param {Model} model
 * @param {State} state
 * @param {ReadonlyMap<number, Bend | null>} pending
 * @returns {{ bend: Bend, audible: boolean } | null}
 */
export function bendOf(node, model, state, pending) {
    /** @type {{ bend: Bend, audible: boolean } | null} */
    let found = null;
    eachBend(model, state, pending, (other, bend, audible) => {
        if (other === node && (audible || !found?.audible)) found = { bend, audible };
    });
    return found;
}

/** The marks of a network. */
export class Marks {
    /** @param {Model} model */
    constructor(model) {
        const { nodes, outputs, inputs, op, alive } = model;
        this.model = model;
        /** Four bytes for each node and output. */
        this.bytes = new Uint8Array(4 * (nodes + outputs.length));
        /** Marks without bends, touches and cones. */
        this.plain = new Uint8Array(this.bytes.length);
        this.before = new Uint8Array(this.bytes.length);
        /** The origin of the cone. @type {number | null | undefined} */
        this.origin = undefined;
        for (let node = 0; node < nodes; node += 1) {
            this.plain[4 * node] = node < inputs ? INPUT : op[node];
            this.plain[4 * node + 2] = alive[node] ? 0 : DEAD;
        }
        for (let output = nodes; output < nodes + outputs.length; output += 1) this.plain[4 * output] = OUTPUT;
    }

    /**
     * Updates the marks.
     * @param {State} state
     * @param {ReadonlyMap<number, Bend | null>} pending
     * @param {{ node: number, nodes: Iterable<number> } | null} cone
     * @returns {number[] | null} nodes whose marks changed; null if the emphasis of any may have
     */
    update(state, pending, cone) {
        [this.bytes, this.before] = [this.before, this.bytes];
        const { bytes, model: { nodes, outputs }, plain } = this;
        bytes.set(plain);
        eachBend(this.model, state, pending, (node, bend, audible) => {
            const at = 4 * node;
            // A lower bend is audible.
            if (!audible && bytes[at + 1] !== 0 && !(bytes[at + 2] & FAINT)) return;
            if (typeof bend === 'object') {
                bytes[at] = bend.op;
                bytes[at + 1] = BENDS.op;
            } else {
                bytes[at] = plain[at];
                bytes[at + 1] = BENDS[bend];
            }
            bytes[at + 2] = audible ? bytes[at + 2] & ~FAINT : bytes[at + 2] | FAINT;
        });
        const { nodes: touched = [], steered = null } = state.touched ?? {};
        for (const node of touched) if (node < nodes) bytes[4 * node + 2] |= TOUCHED;
        if (steered !== null && steered < nodes) bytes[4 * steered + 2] |= STEERED;
        if (cone) {
            for (let at = 3; at < bytes.length; at += 4) bytes[at] = ASIDE;
            for (const node of cone.nodes) bytes[4 * node + 3] = IN_CONE;
            bytes[4 * cone.node + 3] = CHOSEN;
            // An output has the emphasis of its node.
            outputs.forEach((node, output) => {
                if (bytes[4 * node + 3] !== ASIDE) bytes[4 * (nodes + output) + 3] = IN_CONE;
            });
        }
        const origin = cone?.node ?? null;
        const same = origin === this.origin;
        this.origin = origin;
        return same ? this.changed() : null;
    }

    /** Returns the nodes whose marks differ from those before the update. */
    changed() {
        const [now, before] = [new Uint32Array(this.bytes.buffer), new Uint32Array(this.before.buffer)];
        const nodes = [];
        for (let node = 0; node < now.length; node += 1) if (now[node] !== before[node]) nodes.push(node);
        return nodes;
    }
}

/**
 * Computes the wires of a layout: the x and y of both ends, and the nodes at both ends.
 * @param {Model} model
 * @param {import('./layout.js').Layout} layout
 */
export function wires(model, { x, y, placed }) {
    const most = model.readers.nodes.length + model.outputs.length;
    const ends = new Float32Array(4 * most);
    const nodes = new Uint32Array(2 * most);
    let at = 0;
    const add = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ down) => {
        ends.set([x[from] + 0.4, y[from], x[to] - 0.38, y[to] + down], 4 * at);
        nodes.set([from, to], 2 * at);
        at += 1;
    };
    for (let node = model.inputs; node < model.nodes; node += 1) {
        const operands = model.operands(node);
        for (const operand of operands) {
            if (placed[node] && placed[operand]) add(operand, node, operands.length === 1 ? 0 : operand === model.a[node] ? -0.17 : 0.17);
        }
    }
    model.outputs.forEach((node, output) => add(node, model.nodes + output, 0));
    return { count: at, ends: ends.subarray(0, 4 * at), nodes: nodes.subarray(0, 2 * at) };
}
