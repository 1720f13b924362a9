// The toolbar: tool, bend, size of the brush and view.

import { fill, h } from '../ui/dom.js';

/** @import { Bend } from '../types/Bend' */
/** @import { Tool } from './pointer-input.js' */

/** @type {{ tool: Tool, label: string, key: string, about: string }[]} */
const TOOLS = [
    { tool: 'look', label: 'Look', key: 'V', about: 'Select and rewire' },
    { tool: 'brush', label: 'Brush', key: 'D', about: 'Paint with a brush' },
    { tool: 'box', label: 'Box', key: 'W', about: 'Paint the gates in a box' },
    { tool: 'fan-in', label: '◁ Cone', key: 'C', about: 'Paint a gate and all it depends on' },
    { tool: 'fan-out', label: 'Cone ▷', key: 'Shift C', about: 'Paint a gate and all that depends on it' },
];

/** @type {{ bend: Bend | null, label: string, about: string }[]} */
const BENDS = [
    { bend: 'zero', label: '0', about: 'Paint 0' },
    { bend: 'one', label: '1', about: 'Paint 1' },
    { bend: 'invert', label: '¬', about: 'Paint inverted' },
    { bend: null, label: 'Erase', about: 'Remove bends' },
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
            'aria-label': 'Brush size', title: 'Brush size (, and .)',
            oninput: () => this.resize(this.size.valueAsNumber),
        });
        this.bends = h('div', { class: 'segments', role: 'group', 'aria-label': 'Bend' }, ...this.bendButtons);
        this.wide = h('button', {
            type: 'button', title: 'Whole window (Z)', 'aria-label': 'Whole window', 'aria-pressed': 'false', onclick: calls.widen,
        }, '⤢');
        this.element = h('div', { class: 'graph-tools', role: 'toolbar', 'aria-label': 'Gate tools' });
        fill(this.element,
            h('div', { class: 'segments', role: 'group', 'aria-label': 'Tool' }, ...this.toolButtons),
            this.bends, this.size,
            h('div', { class: 'segments graph-zoom', role: 'group', 'aria-label': 'View' },
                h('button', { type: 'button', title: 'Zoom out (-)', 'aria-label': 'Zoom out', onclick: () => calls.zoom(1 / 1.5) }, '−'),
                h('button', { type: 'button', title: 'Fit (F)', onclick: calls.fit }, 'Fit'),
                h('button', { type: 'button', title: 'Zoom in (+)', 'aria-label': 'Zoom in', onclick: () => calls.zoom(1.5) }, '+'),
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
