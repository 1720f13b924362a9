// The bar of tools: what the hand does, what is bent to, how wide the brush is.

import { fill, h } from '../ui/dom.js';

/** @import { Bend } from '../types/Bend' */
/** @import { Tool } from './hand.js' */

/** @type {{ tool: Tool, label: string, key: string, about: string }[]} */
const TOOLS = [
    { tool: 'look', label: 'Look', key: 'V', about: 'Look, select and rewire' },
    { tool: 'brush', label: 'Brush', key: 'D', about: 'Paint with a brush' },
    { tool: 'box', label: 'Box', key: 'W', about: 'Paint all in a box' },
    { tool: 'fan-in', label: '◁ Cone', key: 'C', about: 'Paint all that a gate depends on' },
    { tool: 'fan-out', label: 'Cone ▷', key: 'Shift C', about: 'Paint all that depends on a gate' },
];

/** @type {{ bend: Bend | null, label: string, about: string }[]} */
const BENDS = [
    { bend: 'zero', label: '0', about: 'Paint 0' },
    { bend: 'one', label: '1', about: 'Paint 1' },
    { bend: 'invert', label: '¬', about: 'Paint inverted' },
    { bend: null, label: 'Erase', about: 'Take bends away' },
];

/** Radius of the brush in pixels. */
const RADII = { least: 6, most: 90 };

export class Tools {
    /** @param {{ changed: () => void, fit: () => void, zoom: (factor: number) => void, widen: () => void }} calls */
    constructor(calls) {
        this.changed = calls.changed;
        /** @type {Tool} */
        this.tool = 'look';
        /** @type {Bend | null} */
        this.bend = 'invert';
        this.radius = 18;
        this.toolButtons = TOOLS.map(({ tool, label, key, about }) => h('button', {
            type: 'button', title: `${about} (${key})`, 'aria-label': about, onclick: () => this.take(tool),
        }, label));
        this.bendButtons = BENDS.map(({ bend, label, about }) => h('button', {
            type: 'button', title: about, 'aria-label': about, onclick: () => this.bendTo(bend),
        }, label));
        this.size = h('input', {
            type: 'range', min: String(RADII.least), max: String(RADII.most), value: String(this.radius),
            'aria-label': 'Size of the brush', title: 'Size of the brush (, and .)',
            oninput: () => this.resize(this.size.valueAsNumber),
        });
        this.bends = h('div', { class: 'segments', role: 'group', 'aria-label': 'What is painted' }, ...this.bendButtons);
        this.wide = h('button', {
            type: 'button', title: 'The whole window (Z)', 'aria-label': 'The whole window', 'aria-pressed': 'false', onclick: calls.widen,
        }, '⤢');
        this.element = h('div', { class: 'graph-tools', role: 'toolbar', 'aria-label': 'Tools for the gates' });
        fill(this.element,
            h('div', { class: 'segments', role: 'group', 'aria-label': 'Tool' }, ...this.toolButtons),
            this.bends, this.size,
            h('div', { class: 'segments graph-zoom', role: 'group', 'aria-label': 'View' },
                h('button', { type: 'button', title: 'Farther (-)', 'aria-label': 'Farther', onclick: () => calls.zoom(1 / 1.5) }, '−'),
                h('button', { type: 'button', title: 'All of it (F)', onclick: calls.fit }, 'Fit'),
                h('button', { type: 'button', title: 'Nearer (+)', 'aria-label': 'Nearer', onclick: () => calls.zoom(1.5) }, '+'),
                this.wide));
        this.show();
    }

    /** @param {boolean} wide */
    showWide(wide) {
        this.wide.setAttribute('aria-pressed', String(wide));
    }

    /** @param {Tool} tool */
    take(tool) {
        this.tool = tool;
        this.show();
    }

    /** @param {Bend | null} bend */
    bendTo(bend) {
        this.bend = bend;
        if (this.tool === 'look') this.tool = 'brush';
        this.show();
    }

    /** @param {number} radius */
    resize(radius) {
        this.radius = Math.max(RADII.least, Math.min(RADII.most, radius));
        this.size.value = String(this.radius);
        this.changed();
    }

    show() {
        TOOLS.forEach(({ tool }, at) => this.toolButtons[at].setAttribute('aria-pressed', String(tool === this.tool)));
        BENDS.forEach(({ bend }, at) => this.bendButtons[at].setAttribute(
            'aria-pressed', String(this.tool !== 'look' && bend === this.bend)));
        this.size.hidden = this.tool !== 'brush';
        this.changed();
    }
}
