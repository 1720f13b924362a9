// A fake store that evaluates its network in the page, slowly, to try the graph without an
// instrument.

import { changed } from '../store/layers.js';

/** Samples over which toggles are counted. */
const WINDOW = 64;

export class FakeStore extends EventTarget {
    /** @param {string} file the network file's text */
    constructor(file) {
        super();
        /** All messages sent. */
        this.sent = [];
        /** Reason for refusing further messages, if not empty. */
        this.refusal = '';
        this.state = {
            layers: { layers: [{ name: 'bends', strength: 100, bends: [] }], chosen: 0 },
            touched: { nodes: [], steered: null, bend: 'zero' },
        };
        this.activity = null;
        this.t = 0;
        this.load(file);
    }

    load(file) {
        const text = JSON.parse(file);
        this.text = text;
        this.change({ network: { revision: (this.state.network?.revision ?? 0) + 1, file, places: [] } });
    }

    change(sections) {
        Object.assign(this.state, sections);
        for (const [name, detail] of Object.entries(sections)) this.dispatchEvent(new CustomEvent(name, { detail }));
    }

    async request(message) {
        this.sent.push(message);
        await new Promise((go) => { setTimeout(go, 20); });
        if (this.refusal) throw new Error(this.refusal);
        if (message.type === 'paint') {
            const bends = message.bends.map(([node, bend]) => [node, bend, bend !== null]);
            bends.sort(([one], [other]) => one - other);
            this.change({ layers: changed(this.state.layers, [{ layer: 0, bends }]) });
        } else if (message.type === 'rewire') {
            const text = structuredClone(this.text);
            let node = text.inputs;
            for (const { gates } of text.layers) {
                for (let at = 0; at < gates.length; at += 1, node += 1) if (node === message.node) gates[at] = message.gate;
            }
            this.load(JSON.stringify(text));
        }
        return { type: 'done', id: 0 };
    }

    /** Computes the activity of all nodes at t. */
    evaluate(t) {
        const bends = new Map(this.state.layers.layers[0].bends);
        return { revision: this.state.network.revision, t, nodes: activity(this.text, bends, t) };
    }

    tick(samples = 267) {
        this.t += samples;
        this.activity = this.evaluate(this.t);
        this.dispatchEvent(new CustomEvent('activity', { detail: this.activity }));
    }

    play() {
        this.timer = setInterval(() => this.tick(), 40);
    }

    stop() {
        clearInterval(this.timer);
    }
}

/**
 * Computes the activity of all nodes in the window from t, in the format of the protocol.
 * @param {{ inputs: number, layers: { gates: [number, number, number][] }[] }} network
 * @param {ReadonlyMap<number, unknown>} bends by node
 * @param {number} t
 */
export function activity({ inputs, layers }, bends, t) {
    const gates = layers.flatMap((layer) => layer.gates);
    const nodes = inputs + gates.length;
    const values = new Uint8Array(nodes);
    const bytes = new Uint8Array(nodes);
    const counts = new Uint8Array(nodes);
    const bent = (node, value, redo) => {
        const bend = bends.get(node);
        if (bend === undefined) return value;
        if (bend === 'zero' || bend === 'one') return Number(bend === 'one');
        return bend === 'invert' ? 1 - value : redo(bend.op);
    };
    for (let step = 0; step <= WINDOW; step += 1) {
        const now = t + step;
        for (let node = 0; node < nodes; node += 1) {
            let value;
            if (node < inputs) value = bent(node, (now >> node) & 1, () => 0);
            else {
                const [op, a, b] = gates[node - inputs];
                const by = (which) => (which >> (3 - 2 * values[a] - values[b])) & 1;
                value = bent(node, by(op), by);
            }
            if (step > 0 && value !== values[node]) counts[node] += 1;
            values[node] = value;
        }
    }
    values.forEach((value, node) => { bytes[node] = (value << 7) | Math.min(127, Math.ceil(counts[node] * 127 / WINDOW)); });
    return bytes;
}
