// The toolbar: tool, eraser, size of the brush and view.

import { fill, h } from '../ui/dom.js';

/** @import { Tool } from './pointer-input.js' */

/** @type {{ tool: Tool, label: string, key: string, about: string }[]} */
const TOOLS = [
    { tool: 'brush', label: 'Paint', key: 'D', about: 'Paint over gates to bend them' },
    { tool: 'box', label: 'Box', key: 'W', about: 'Box: paint all gates in it' },
    { tool: 'fan-in', label: 'Before', key: 'C', about: 'Everything before: paint a gate and all that it depends on' },
    { tool: 'fan-out', label: 'After', key: 'Shift C', about: 'Everything after: paint a gate and all that depends on it' },
    { tool: 'look', label: 'Inspect', key: 'V', about: 'Inspect a gate, or rewire it' },
];

/** Radius of the brush in pixels. */
const RADII = { least: 6, most: 90 };

export class Tools {
    /**
     * @param {{ changed: () => void, fit: () => void, zoom: (factor: number) => void, widen: () => void }} calls
     * @param {Tool} first the first tool
     */
    constructor(calls, first) {
        this.changed = calls.changed;
        this.tool = first;
        /** True if painting removes bends. */
        this.erases = false;
        this.radius = 18;
        this.toolButtons = TOOLS.map(({ tool, label, key, about }) => h('button', {
            type: 'button', title: `${about} (${key})`, 'aria-label': about, onclick: () => this.take(tool),
        }, label));
        this.eraser = h('button', {
            type: 'button', title: 'Erase bends instead of painting them', onclick: () => this.erase(!this.erases),
        }, 'Erase');
        this.size = h('input', {
            type: 'range', min: String(RADII.least), max: String(RADII.most), value: String(this.radius),
            'aria-label': 'Brush size', title: 'Brush size (, and .)',
            oninput: () => this.resize(this.size.valueAsNumber),
        });
        this.wide = h('button', {
            type: 'button', title: 'Whole window (Z)', 'aria-label': 'Whole window', 'aria-pressed': 'false', onclick: calls.widen,
        }, '⤢');
        this.element = h('div', { class: 'graph-tools', role: 'toolbar', 'aria-label': 'Gate tools' });
        fill(this.element,
            h('div', { class: 'segments', role: 'group', 'aria-label': 'Tool' }, ...this.toolButtons),
            this.eraser, this.size,
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

    /** @param {boolean} on */
    erase(on) {
        this.erases = on;
        if (on && this.tool === 'look') this.tool = 'brush';
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
        this.eraser.setAttribute('aria-pressed', String(this.erases && this.tool !== 'look'));
        this.size.hidden = this.tool !== 'brush';
        this.changed();
    }
}
