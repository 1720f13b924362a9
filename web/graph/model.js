// A network parsed from its file for display: operands, readers and liveness of nodes.
// Evaluates nothing. The instrument has validated the file; it is validated here as well.

import { channels, encoding, signals } from '../ui/signals.js';
import { OPS, usesA, usesB } from './ops.js';

/** @import { Bend } from '../types/Bend' */

/** Limits of docs/network-format.md. */
const MOST_INPUTS = 4096;
const MOST_GATES = 65_536;
const MOST_OUTPUTS = 4096;

/** Thrown for a network that cannot be drawn. */
export class ModelError extends Error {}

/** A network. Nodes are numbered as in the file: inputs, then gates. */
export class Model {
    /**
     * @param {string} file the network file's text
     * @throws {ModelError} if the file is not a valid network
     */
    constructor(file) {
        const text = parse(file);
        /** Number of inputs. */
        this.inputs = Array.isArray(text.inputs)
            ? whole(signals(text).reduce((sum, { inputs }) => sum + inputs, 0), MOST_INPUTS, 'inputs')
            : whole(text.inputs, MOST_INPUTS, 'inputs');
        this.name = typeof text.name === 'string' ? text.name : 'untitled';
        const layers = list(text.layers, MOST_GATES, 'layers').map((layer, at) =>
            list(layer?.gates, MOST_GATES, `layers[${at}].gates`));
        /** Number of inputs and gates. */
        this.nodes = layers.reduce((sum, gates) => sum + gates.length, this.inputs);
        if (this.nodes - this.inputs > MOST_GATES) throw new ModelError('It has too many gates to draw.');
        /** Operation by node; 0 for inputs. */
        this.op = new Uint8Array(this.nodes);
        /** Operands by node; 0 for inputs. */
        this.a = new Uint32Array(this.nodes);
        this.b = new Uint32Array(this.nodes);
        /** First node of the inputs and of each layer, then the end. */
        this.starts = new Uint32Array(layers.length + 2);
        let node = (this.starts[1] = this.inputs);
        layers.forEach((gates, layer) => {
            gates.forEach((gate, at) => {
                const path = `layers[${layer}].gates[${at}]`;
                const [op, a, b] = list(gate, 3, path);
                this.op[node] = whole(op, OPS.length - 1, path);
                this.a[node] = whole(a, node - 1, path);
                this.b[node] = whole(b, node - 1, path);
                node += 1;
            });
            this.starts[layer + 2] = node;
        });
        list(text.outputs, MOST_OUTPUTS, 'outputs');
        /** Outputs of each channel. */
        this.channels = channels(text).map((outputs) => list(outputs, MOST_OUTPUTS, 'outputs'));
        /** Nodes of the sample's bits, least significant first, one channel after the other. */
        this.outputs = Uint32Array.from(
            this.channels.flat(),
            (output, at) => whole(output, this.nodes - 1, `outputs[${at}]`),
        );
        /** Bends that are part of the network. @type {Map<number, Bend>} */
        this.masks = new Map();
        for (const mask of list(text.masks ?? [], this.nodes, 'masks')) {
            const masked = whole(mask?.node, this.nodes - 1, 'masks');
            if (mask.invert === true) this.masks.set(masked, 'invert');
            else if (mask.op !== undefined) this.masks.set(masked, { op: whole(mask.op, 15, 'masks') });
            else this.masks.set(masked, mask.force ? 'one' : 'zero');
        }
        /** What the inputs encode. */
        this.signals = signals(text);
        this.outputEncoding = encoding(text.output_encoding);
        this.readers = this.findReaders();
        /** 1 for nodes that an output depends on, with or without the network's own masks. */
        this.alive = this.findAlive();
    }

    /**
     * Returns whether a node is a gate.
     * @param {number} node
     */
    isGate(node) {
        return node >= this.inputs;
    }

    /**
     * Returns the nodes that a gate's output depends on, each once.
     * @param {number} node
     * @returns {number[]}
     */
    operands(node) {
        if (!this.isGate(node)) return [];
        const [op, a, b] = [this.op[node], this.a[node], this.b[node]];
        const both = usesA(op) ? [a] : [];
        if (usesB(op) && (both.length === 0 || a !== b)) both.push(b);
        return both;
    }

    /**
     * Returns the gates that read a node, ascending.
     * @param {number} node
     */
    readersOf(node) {
        return this.readers.nodes.subarray(this.readers.starts[node], this.readers.starts[node + 1]);
    }

    /**
     * Returns a node's layer; inputs are layer 0.
     * @param {number} node
     */
    layerOf(node) {
        let [low, high] = [0, this.starts.length - 2];
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.starts[middle] <= node) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /**
     * Returns a node and all nodes that it depends on.
     * @param {number} node
     * @returns {number[]} ascending
     */
    fanIn(node) {
        const { a, b, inputs, op } = this;
        const seen = new Uint8Array(node + 1);
        seen[node] = 1;
        // Gates read nodes before them, so one pass reaches all.
        for (let at = node; at >= inputs; at -= 1) {
            if (!seen[at]) continue;
            if (usesA(op[at])) seen[a[at]] = 1;
            if (usesB(op[at])) seen[b[at]] = 1;
        }
        return marked(seen, 0);
    }

    /**
     * Returns a node and all nodes that depend on it.
     * @param {number} node
     * @returns {number[]} ascending
     */
    fanOut(node) {
        const { a, b, op } = this;
        const seen = new Uint8Array(this.nodes);
        seen[node] = 1;
        for (let at = Math.max(node + 1, this.inputs); at < this.nodes; at += 1) {
            if ((seen[a[at]] && usesA(op[at])) || (seen[b[at]] && usesB(op[at]))) seen[at] = 1;
        }
        return marked(seen, node);
    }

    /**
     * Returns a node's name for people.
     * @param {number} node
     */
    nameOf(node) {
        return this.isGate(node) ? `gate ${node}` : this.inputName(node);
    }

    /**
     * Returns an input's name for people.
     * @param {number} input
     */
    inputName(input) {
        const signal = this.signals.find(({ first, inputs }) => input < first + inputs);
        if (!signal) return `input ${input}`;
        const { name, inputs, first, encoding: { type, size } } = signal;
        const at = input - first;
        if (type === 'binary' || type === 'gray') return name === 't' ? `t${at}` : `${name}.${at}`;
        const width = type === 'one-hot' ? 2 ** size : 2 ** size - 1;
        const digits = size === 0 ? inputs : width;
        const [digit, value] = [Math.floor(at / digits), at % digits];
        const part = name === 't' ? `d${digit}` : `${name}.d${digit}`;
        const which = digits >= inputs ? name : part;
        return type === 'one-hot' ? `${which}=${value}` : `${which}>${value}`;
    }

    /**
     * Returns an output's name for people.
     * @param {number} output
     */
    outputName(output) {
        const { type, size } = this.outputEncoding;
        const left = this.channels[0].length;
        if (this.channels.length > 1) return output < left ? `left ${output}` : `right ${output - left}`;
        if (type === 'binary') return `bit ${output}`;
        const each = this.outputs.length / Math.max(1, size);
        return `sum ${Math.floor(output / each)}`;
    }

    /** Returns the readers of all nodes in one list, and the first entry of each node. */
    findReaders() {
        const starts = new Uint32Array(this.nodes + 1);
        for (let node = this.inputs; node < this.nodes; node += 1) {
            for (const operand of this.operands(node)) starts[operand + 1] += 1;
        }
        for (let node = 0; node < this.nodes; node += 1) starts[node + 1] += starts[node];
        const next = starts.slice();
        const nodes = new Uint32Array(starts[this.nodes]);
        for (let node = this.inputs; node < this.nodes; node += 1) {
            for (const operand of this.operands(node)) nodes[next[operand]++] = node;
        }
        return { starts, nodes };
    }

    findAlive() {
        const alive = new Uint8Array(this.nodes);
        this.markAlive(alive, (node) => this.op[node]);
        if (this.masks.size === 0) return alive;
        const masked = new Uint8Array(this.nodes);
        this.markAlive(masked, (node) => {
            const mask = this.masks.get(node) ?? 'invert';
            return typeof mask === 'object' ? mask.op : mask === 'invert' ? this.op[node] : 0;
        });
        return alive.map((one, node) => one | masked[node]);
    }

    /** @param {Uint8Array} alive @param {(node: number) => number} opOf */
    markAlive(alive, opOf) {
        for (const output of this.outputs) alive[output] = 1;
        for (let node = this.nodes - 1; node >= this.inputs; node -= 1) {
            if (!alive[node]) continue;
            const op = opOf(node);
            if (usesA(op)) alive[this.a[node]] = 1;
            if (usesB(op)) alive[this.b[node]] = 1;
        }
    }

    /**
     * Counts the gates that differ from another network of the same shape; Infinity for
     * another shape.
     * @param {Model} other
     */
    difference(other) {
        if (this.inputs !== other.inputs || this.starts.length !== other.starts.length ||
            this.outputs.length !== other.outputs.length ||
            this.starts.some((start, at) => start !== other.starts[at])) return Infinity;
        let count = 0;
        for (let node = this.inputs; node < this.nodes; node += 1) {
            const same = this.op[node] === other.op[node] && this.a[node] === other.a[node] &&
                this.b[node] === other.b[node];
            if (!same) count += 1;
        }
        return count;
    }
}

/** Returns the nodes that are marked. @param {Uint8Array} seen @param {number} first */
function marked(seen, first) {
    const nodes = [];
    for (let node = first; node < seen.length; node += 1) if (seen[node]) nodes.push(node);
    return nodes;
}

/** @param {string} file @returns {any} */
function parse(file) {
    /** @type {any} */
    let text;
    try {
        text = JSON.parse(file);
    } catch {
        throw new ModelError('The network is not a JSON file.');
    }
    if (text?.format !== 'gatebend-network') throw new ModelError('This is not a network file.');
    return text;
}

/**
 * @param {unknown} value
 * @param {number} most
 * @param {string} path
 * @returns {any[]}
 */
function list(value, most, path) {
    if (!Array.isArray(value) || value.length > most) {
        throw new ModelError(`${path}: expected a list of at most ${most} entries.`);
    }
    return value;
}

/**
 * @param {unknown} value
 * @param {number} most
 * @param {string} path
 */
function whole(value, most, path) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
        throw new ModelError(`${path}: expected a whole number from 0 to ${most}.`);
    }
    return value;
}
