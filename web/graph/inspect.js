// The inspector: describes a node in words and as a truth table, and edits it. Its links
// lead along wires, so that the network can be explored without seeing the graph.

import { fill, h } from '../ui/dom.js';
import { glyph, INPUT } from './glyphs.js';
import { OPS, truthTable, usesA, usesB } from './ops.js';

/** @import { Bend } from '../types/Bend' */
/** @import { Gate } from '../types/Gate' */
/** @import { Model } from './model.js' */

/** Most readers that are listed. */
const LISTED = 12;

/**
 * A node and its bend.
 * @typedef {object} NodeInfo
 * @property {Model} model
 * @property {number} node
 * @property {Bend | null} bend
 * @property {boolean} audible the bend is in effect
 * @property {boolean} steered bent by an analog input
 */

/**
 * Actions of the inspector's controls.
 * @typedef {object} InspectorActions
 * @property {(node: number | null) => void} select
 * @property {(node: number, bend: Bend | null) => void} bend
 * @property {(node: number, gate: Gate) => void} rewire
 */

/**
 * Describes a bend.
 * @param {Bend} bend
 */
export function bendInWords(bend) {
    if (typeof bend === 'object') return `bent to ${OPS[bend.op]?.name ?? 'another operation'}`;
    return { zero: 'bent to 0', one: 'bent to 1', invert: 'flipped' }[bend];
}

/**
 * Describes a node in a sentence.
 * @param {NodeInfo} info
 */
export function describe({ model, node, bend, audible, steered }) {
    const parts = [];
    if (model.isGate(node)) {
        const op = OPS[model.op[node]];
        const operands = model.operands(node).map((operand) => model.nameOf(operand));
        const of = operands.length === 0 ? `always ${op.symbol}` : `${op.name} of ${operands.join(' and ')}`;
        parts.push(`Gate ${node}, layer ${model.layerOf(node)}: ${of}`);
    } else {
        parts.push(`Input ${model.inputName(node)}`);
    }
    const readers = model.readersOf(node).length;
    const outputs = [...model.outputs.keys()].filter((output) => model.outputs[output] === node);
    parts.push(`read by ${readers === 1 ? 'one gate' : `${readers} gates`}`);
    if (outputs.length > 0) parts.push(`heard as ${outputs.slice(0, 4).map((output) => model.outputName(output)).join(', ')}`);
    if (!model.alive[node]) parts.push('not heard: no output depends on it');
    if (bend !== null) parts.push(bendInWords(bend) + (audible ? '' : ', without effect now'));
    if (steered) parts.push('steered by an analog input');
    return `${parts.join('; ')}.`;
}

/** The panel for the selected node. */
export class Inspector {
    /** @param {InspectorActions} actions */
    constructor(actions) {
        this.actions = actions;
        this.picture = h('canvas', { 'aria-hidden': 'true', class: 'graph-picture' });
        this.title = h('h3', { tabIndex: -1 });
        this.about = h('p', { class: 'soft' });
        this.table = h('table');
        this.reads = h('div', { class: 'graph-links' });
        this.readers = h('div', { class: 'graph-links' });
        this.bends = h('div', { class: 'segments', role: 'group', 'aria-label': 'Bend it to' });
        this.op = h('select', { 'aria-label': 'Bend it to another operation', onchange: () => this.bendToOp() });
        this.newOp = h('select', { 'aria-label': 'Operation' });
        this.newA = h('input', { type: 'number', min: '0', 'aria-label': 'Node read as a', class: 'number' });
        this.newB = h('input', { type: 'number', min: '0', 'aria-label': 'Node read as b', class: 'number' });
        this.rewiring = h('form', { class: 'graph-rewire', onsubmit: (/** @type {Event} */ event) => this.rewire(event) },
            this.newOp, h('label', {}, 'a ', this.newA), h('label', {}, 'b ', this.newB), h('button', {}, 'Rewire'));
        this.change = h('details', {}, h('summary', {}, 'Change permanently'), this.rewiring);
        const close = h('button', { type: 'button', class: 'quiet graph-close', 'aria-label': 'Close', onclick: () => actions.select(null) }, '×');
        this.element = h('aside', { class: 'graph-inspector', 'aria-label': 'Selected gate', hidden: true },
            close, h('div', { class: 'graph-title' }, this.picture, h('div', {}, this.title, this.about)),
            h('div', { class: 'graph-links' }, this.bends, this.op), this.table, this.reads, this.readers, this.change);
        this.newOp.append(...OPS.map(({ name }, op) => h('option', { value: String(op) }, name)));
        this.op.append(h('option', { value: '' }, 'op…'), ...OPS.map(({ name }, op) => h('option', { value: String(op) }, name)));
        /** @type {[string, Bend | null][]} */
        const choices = [['0', 'zero'], ['1', 'one'], ['flip', 'invert'], ['–', null]];
        /** @type {[HTMLButtonElement, Bend | null][]} */
        this.buttons = choices.map(([label, bend]) => [h('button', {
            type: 'button', title: bend === null ? 'Not bent' : bendInWords(bend),
            'aria-label': bend === null ? 'not bent' : bendInWords(bend), onclick: () => this.bend(bend),
        }, label), bend]);
        this.bends.append(...this.buttons.map(([button]) => button));
        /** @type {NodeInfo | null} */
        this.info = null;
        this.row = -1;
        /** @type {HTMLTableRowElement[]} */
        this.rows = [];
    }

    /** @param {NodeInfo | null} info @param {{ ink: string, ground: string }} colours */
    show(info, colours) {
        const same = info !== null && this.info?.model === info.model && this.info.node === info.node;
        this.info = info;
        this.element.hidden = info === null;
        if (!info) return;
        const { model, node, bend } = info;
        const gate = model.isGate(node);
        const op = typeof bend === 'object' && bend !== null ? bend.op : model.op[node];
        this.title.textContent = gate ? `${OPS[op].symbol}  ` : `Input ${model.inputName(node)}`;
        if (gate) this.title.append(h('span', { class: 'soft' }, `gate ${node}`));
        this.about.textContent = [
            gate ? `${OPS[op].name}, layer ${model.layerOf(node)}` : 'a bit of t',
            ...bend === null ? [] : [bendInWords(bend)], ...model.alive[node] ? [] : ['not heard'],
        ].join(', ');
        this.draw(gate ? op : INPUT, colours);
        for (const [button, value] of this.buttons) button.setAttribute('aria-pressed', String(value === bend));
        this.op.value = typeof bend === 'object' && bend !== null ? String(bend.op) : '';
        this.op.hidden = !gate;
        this.row = -1;
        this.rows = gate ? truthTable(op).map(({ a, b, out }) =>
            h('tr', {}, h('td', {}, usesA(op) ? a : '·'), h('td', {}, usesB(op) ? b : '·'), h('td', {}, out))) : [];
        fill(this.table, gate && h('thead', {}, h('tr', {}, ...['a', 'b', 'out'].map((name) =>
            h('th', { scope: 'col' }, name)))), h('tbody', {}, ...this.rows));
        this.table.setAttribute('aria-label', `Truth table of ${OPS[op].name}`);
        this.change.hidden = !gate;
        if (same) return;
        fill(this.reads, model.operands(node).length > 0 && 'reads', ...gate ? [['a', model.a[node], usesA(model.op[node])],
            ['b', model.b[node], usesB(model.op[node])]].map(([name, operand, used]) => used && this.link(`${name}: `, Number(operand))) : []);
        const readers = model.readersOf(node);
        fill(this.readers, readers.length ? 'read by' : 'read by no gate',
            ...[...readers.subarray(0, LISTED)].map((reader) => this.link('', reader)),
            readers.length > LISTED && `and ${readers.length - LISTED} more`);
        this.newOp.value = String(model.op[node]);
        this.newA.value = String(model.a[node]);
        this.newB.value = String(model.b[node]);
        for (const field of [this.newA, this.newB]) field.max = String(node - 1);
    }

    /**
     * Highlights the table row of the gate's present inputs.
     * @param {Uint8Array | null} activity
     */
    live(activity) {
        const { info } = this;
        if (!info || this.rows.length === 0) return;
        const bit = (/** @type {number} */ node) => (activity?.[node] ?? 0) >> 7;
        const row = activity ? 2 * bit(info.model.a[info.node]) + bit(info.model.b[info.node]) : -1;
        if (row === this.row) return;
        this.rows[this.row]?.classList.remove('now');
        this.rows[row]?.classList.add('now');
        this.row = row;
    }

    /** @param {string} label @param {number} node */
    link(label, node) {
        const name = this.info?.model.nameOf(node);
        return h('button', { type: 'button', class: 'graph-link', onclick: () => {
            this.actions.select(node);
            // The focused link has been replaced; focus the new gate's title.
            this.title.focus({ preventScroll: true });
        } }, `${label}${name}`);
    }

    /** @param {Bend | null} bend */
    bend(bend) {
        if (this.info) this.actions.bend(this.info.node, bend);
    }

    bendToOp() {
        this.bend(this.op.value === '' ? null : { op: Number(this.op.value) });
    }

    /** @param {Event} event */
    rewire(event) {
        event.preventDefault();
        if (!this.info) return;
        this.actions.rewire(this.info.node, [Number(this.newOp.value), this.newA.valueAsNumber, this.newB.valueAsNumber]);
    }

    /** @param {number} kind @param {{ ink: string, ground: string }} colours */
    draw(kind, { ink, ground }) {
        const context = this.picture.getContext('2d');
        if (!context) return;
        this.picture.width = this.picture.height = 112;
        context.setTransform(104, 0, 0, 104, 56, 56);
        glyph(context, kind, ground, ink);
    }
}
