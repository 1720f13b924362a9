// Turns mouse, pen and touch events on the graph into actions of the chosen tool. Draws
// nothing and sends nothing.

/** @import { Bend } from '../types/Bend' */
/** @import { Preview } from './overlay.js' */
/** @import { Index, View } from './view.js' */

/**
 * A tool: looks and selects, or paints with a brush, a box or a cone.
 * @typedef {'look' | 'brush' | 'box' | 'fan-in' | 'fan-out'} Tool
 */

/**
 * The view that is pointed at, and the actions that pointing leads to.
 * @typedef {object} PointerTarget
 * @property {View} view
 * @property {() => Index | null} index null before the first layout
 * @property {() => { tool: Tool, bend: Bend | null, radius: number }} choice radius in pixels
 * @property {() => void} moved called after the view has changed
 * @property {(preview: Preview) => void} preview
 * @property {(node: number | null) => void} hover
 * @property {(node: number | null) => void} select
 * @property {(bend: Bend | null) => void} begin a stroke
 * @property {(nodes: Iterable<number>) => void} paint
 * @property {() => void} end
 * @property {(node: number, by: 'fan-in' | 'fan-out') => number[]} cone
 * @property {(node: number) => boolean} isGate
 * @property {(node: number, operand: 'a' | 'b', to: number) => void} wire
 */

/** Distance from a gate's centre at which it is hit, in gate widths. */
const REACH = 0.62;
/** Smallest such distance for a finger, which is less precise, in pixels. */
const FINGER = 22;
/** Movement up to which a press is a click, in pixels. */
const STILL = 5;
/** Time to wait for a second finger before the first one paints, in milliseconds. */
const PINCH_WAIT = 90;
/** Smallest gate width at which wires can be dragged, in pixels. */
const WIRE_SCALE = 20;

export class PointerInput {
    /** @param {HTMLElement} element @param {PointerTarget} target */
    constructor(element, target) {
        this.element = element;
        this.target = target;
        /** Positions of the pointers that are down, by pointer id. @type {Map<number, { x: number, y: number }>} */
        this.down = new Map();
        /** The gesture in progress, or empty. @type {'' | 'waits' | 'paint' | 'box' | 'pan' | 'pinch' | 'wire' | 'look'} */
        this.gesture = '';
        this.from = { x: 0, y: 0, node: /** @type {number | null} */ (null) };
        this.last = { x: 0, y: 0 };
        /** @type {'a' | 'b'} */
        this.operand = 'a';
        this.space = false;
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        this.timer = undefined;
        element.addEventListener('pointerdown', (event) => this.press(event));
        element.addEventListener('pointermove', (event) => this.move(event));
        element.addEventListener('pointerup', (event) => this.lift(event, true));
        element.addEventListener('pointercancel', (event) => this.lift(event, false));
        element.addEventListener('pointerleave', () => {
            if (this.down.size > 0) return;
            target.hover(null);
            target.preview({});
        });
        element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
        element.addEventListener('contextmenu', (event) => event.preventDefault());
        element.addEventListener('auxclick', (event) => event.preventDefault());
    }

    /** @param {boolean} held the space bar: while it is held, a drag moves the view */
    setSpace(held) {
        this.space = held;
        this.element.classList.toggle('graph-drags', held);
    }

    /** @param {PointerEvent} event */
    press(event) {
        this.element.focus({ preventScroll: true });
        this.element.setPointerCapture(event.pointerId);
        event.preventDefault();
        const at = this.at(event);
        this.down.set(event.pointerId, at);
        this.last = at;
        if (this.down.size === 2) {
            this.stop();
            this.gesture = 'pinch';
            return;
        }
        if (this.down.size > 2) return;
        const { tool } = this.target.choice();
        this.from = { ...at, node: this.under(at, event.pointerType) };
        if (event.button === 1 || event.button === 2 || this.space) this.gesture = 'pan';
        else if (tool === 'look') this.gesture = this.takesWire(at) ? 'wire' : 'look';
        else if (event.pointerType === 'touch') {
            this.gesture = 'waits';
            this.timer = setTimeout(() => this.start(), PINCH_WAIT);
        } else this.start();
    }

    /** Starts using the tool at the point of the press. */
    start() {
        clearTimeout(this.timer);
        const { tool, bend, radius } = this.target.choice();
        const { from } = this;
        if (tool === 'box') {
            this.gesture = 'box';
            return;
        }
        this.gesture = 'paint';
        this.target.begin(bend);
        if (tool === 'brush') this.brush(from, from, radius);
        else if (from.node !== null && tool !== 'look') this.target.paint(this.target.cone(from.node, tool));
    }

    /** @param {PointerEvent} event @returns {void} */
    move(event) {
        const before = this.down.get(event.pointerId);
        const at = this.at(event);
        const { target } = this;
        const { tool, radius } = target.choice();
        if (!before) {
            if (event.pointerType === 'touch') return;
            target.hover(this.under(at, event.pointerType));
            target.preview(tool === 'brush' ? { brush: { ...at, radius } } : {});
            this.element.classList.toggle('graph-wires', tool === 'look' && this.takesWire(at));
            return;
        }
        this.down.set(event.pointerId, at);
        if (this.gesture === 'pinch') return this.pinch(event.pointerId, before, at);
        const moved = Math.hypot(at.x - this.from.x, at.y - this.from.y) > STILL;
        switch (this.gesture) {
            case 'waits':
                if (!moved) return;
                this.start();
                return this.move(event);
            case 'look':
                if (moved) this.gesture = 'pan';
                return;
            case 'pan':
                target.view.pan(at.x - this.last.x, at.y - this.last.y);
                target.moved();
                break;
            case 'paint':
                if (tool === 'brush') {
                    this.brush(this.last, at, radius);
                    target.preview({ brush: { ...at, radius } });
                } else {
                    const node = this.under(at, event.pointerType);
                    if (node !== null && node !== this.from.node && tool !== 'look' && tool !== 'box') {
                        this.from.node = node;
                        target.paint(target.cone(node, tool));
                    }
                }
                break;
            case 'box':
                target.preview({ box: { x0: this.from.x, y0: this.from.y, x1: at.x, y1: at.y } });
                break;
            case 'wire': {
                const { node, to } = this.wireTo(at);
                target.hover(to);
                const [x0, y0] = this.inputOf(node);
                target.preview({ wire: { x0, y0, x1: at.x, y1: at.y, allowed: to === null || to < node } });
                break;
            }
        }
        this.last = at;
    }

    /** @param {PointerEvent} event @param {boolean} done */
    lift(event, done) {
        if (!this.down.delete(event.pointerId)) return;
        if (this.gesture === 'pinch') {
            // The remaining finger does nothing until it is lifted.
            this.gesture = this.down.size > 1 ? 'pinch' : '';
            return;
        }
        if (this.down.size > 0) return;
        const at = this.at(event);
        const moved = Math.hypot(at.x - this.from.x, at.y - this.from.y) > STILL;
        const { target } = this;
        if (this.gesture === 'waits' && done) this.start();
        if (done && (this.gesture === 'look' || (this.gesture === 'wire' && !moved))) target.select(this.from.node);
        else if (done && this.gesture === 'wire') {
            const { node, to } = this.wireTo(at);
            if (to !== null && to !== node) target.wire(node, this.operand, to);
        }
        if (done && this.gesture === 'box') this.boxed(at);
        this.stop();
        if (event.pointerType === 'touch') target.hover(null);
    }

    /** Ends the gesture in progress. */
    stop() {
        clearTimeout(this.timer);
        if (this.gesture === 'paint') this.target.end();
        this.gesture = '';
        this.target.preview({});
    }

    /** @param {WheelEvent} event */
    wheel(event) {
        event.preventDefault();
        const { view } = this.target;
        const { x, y } = this.at(event);
        const lines = event.deltaMode === 0 ? 1 : 24;
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
            view.pan(-(event.deltaX || event.deltaY) * lines, 0);
        } else {
            view.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
        }
        this.target.moved();
    }

    /**
     * @param {number} moving
     * @param {{ x: number, y: number }} before
     * @param {{ x: number, y: number }} now
     */
    pinch(moving, before, now) {
        const [, other] = [...this.down].find(([id]) => id !== moving) ?? [];
        if (!other) return;
        const { view } = this.target;
        const apart = Math.hypot(before.x - other.x, before.y - other.y);
        const after = Math.hypot(now.x - other.x, now.y - other.y);
        view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
        if (apart > 1) view.zoom(after / apart, (now.x + other.x) / 2, (now.y + other.y) / 2);
        this.target.moved();
    }

    /**
     * @param {{ x: number, y: number }} from
     * @param {{ x: number, y: number }} to
     * @param {number} radius
     */
    brush(from, to, radius) {
        const { view } = this.target;
        const within = Math.max(radius / view.scale, 0.4);
        const nodes = this.target.index()?.along(...view.toPlane(from.x, from.y), ...view.toPlane(to.x, to.y), within);
        this.target.paint(nodes ?? []);
    }

    /** @param {{ x: number, y: number }} to */
    boxed(to) {
        const { view } = this.target;
        const { from } = this;
        const [x0, y0] = view.toPlane(Math.min(from.x, to.x), Math.min(from.y, to.y));
        const [x1, y1] = view.toPlane(Math.max(from.x, to.x), Math.max(from.y, to.y));
        this.target.begin(this.target.choice().bend);
        this.target.paint(this.target.index()?.inBox(x0, y0, x1, y1) ?? []);
        this.target.end();
    }

    /** @param {{ x: number, y: number }} at */
    wireTo(at) {
        return { node: /** @type {number} */ (this.from.node), to: this.under(at, 'touch') };
    }

    /** Returns the position of the dragged wire's input, in pixels. @param {number} node */
    inputOf(node) {
        const layout = this.target.index()?.layout;
        if (!layout) return [0, 0];
        return this.target.view.toPixels(layout.x[node] - 0.38, layout.y[node] + (this.operand === 'a' ? -0.17 : 0.17));
    }

    /** Returns whether a gate's input is at a point, and notes which one. @param {{ x: number, y: number }} at */
    takesWire(at) {
        const { view } = this.target;
        const index = this.target.index();
        const node = this.under(at, 'mouse');
        if (!index || node === null || view.scale < WIRE_SCALE || !this.target.isGate(node)) return false;
        const [x, y] = view.toPlane(at.x, at.y);
        this.operand = y < index.layout.y[node] ? 'a' : 'b';
        return x < index.layout.x[node] - 0.2;
    }

    /** Returns the node at a point. @param {{ x: number, y: number }} at @param {string} pointer the pointer's type */
    under({ x, y }, pointer) {
        const { view } = this.target;
        const within = Math.max(REACH, (pointer === 'touch' ? FINGER : 7) / view.scale);
        return this.target.index()?.nearest(...view.toPlane(x, y), within) ?? null;
    }

    /** Returns an event's position in pixels of the element. @param {MouseEvent} event */
    at(event) {
        const { left, top } = this.element.getBoundingClientRect();
        return { x: event.clientX - left, y: event.clientY - top };
    }
}
