// Mouse, pen, fingers and keys on the graph: what they mean. It draws nothing and asks
// for nothing itself.

/** @import { Bend } from '../types/Bend' */
/** @import { Held } from './overlay.js' */
/** @import { Index, View } from './view.js' */

/**
 * What a hand does: looks and selects, or paints by a brush, a box or a cone.
 * @typedef {'look' | 'brush' | 'box' | 'fan-in' | 'fan-out'} Tool
 */

/**
 * What the hand works on.
 * @typedef {object} Bench
 * @property {View} view
 * @property {() => Index | null} index null while nothing is laid out
 * @property {() => { tool: Tool, bend: Bend | null, radius: number }} choice radius in pixels
 * @property {() => void} moved the view is another
 * @property {(held: Held) => void} hold
 * @property {(node: number | null) => void} hover
 * @property {(node: number | null) => void} select
 * @property {(bend: Bend | null) => void} begin a stroke
 * @property {(nodes: Iterable<number>) => void} paint
 * @property {() => void} end
 * @property {(node: number, by: 'fan-in' | 'fan-out') => number[]} cone
 * @property {(node: number) => boolean} isGate
 * @property {(node: number, operand: 'a' | 'b', to: number) => void} wire
 */

/** From a gate's middle, in its widths. */
const REACH = 0.62;
/** A finger is less exact: so many pixels at least. */
const FINGER = 22;
/** Less is a click, in pixels. */
const STILL = 5;
/** A finger alone for so long paints, in milliseconds: a second one may come. */
const ALONE = 90;
/** Gates are that large before one can take their wires, in pixels. */
const WIRE_SCALE = 20;

export class Hand {
    /** @param {HTMLElement} element @param {Bench} bench */
    constructor(element, bench) {
        this.element = element;
        this.bench = bench;
        /** Fingers and buttons that are down. @type {Map<number, { x: number, y: number }>} */
        this.down = new Map();
        /** What is going on. @type {'' | 'waits' | 'paint' | 'box' | 'pan' | 'pinch' | 'wire' | 'look'} */
        this.doing = '';
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
            bench.hover(null);
            bench.hold({});
        });
        element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
        element.addEventListener('contextmenu', (event) => event.preventDefault());
        element.addEventListener('auxclick', (event) => event.preventDefault());
    }

    /** @param {boolean} held the space bar, which makes the button drag */
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
            this.doing = 'pinch';
            return;
        }
        if (this.down.size > 2) return;
        const { tool } = this.bench.choice();
        this.from = { ...at, node: this.under(at, event.pointerType) };
        if (event.button === 1 || event.button === 2 || this.space) this.doing = 'pan';
        else if (tool === 'look') this.doing = this.takesWire(at) ? 'wire' : 'look';
        else if (event.pointerType === 'touch') {
            this.doing = 'waits';
            this.timer = setTimeout(() => this.start(), ALONE);
        } else this.start();
    }

    /** The tool begins where the press was. */
    start() {
        clearTimeout(this.timer);
        const { tool, bend, radius } = this.bench.choice();
        const { from } = this;
        if (tool === 'box') {
            this.doing = 'box';
            return;
        }
        this.doing = 'paint';
        this.bench.begin(bend);
        if (tool === 'brush') this.brush(from, from, radius);
        else if (from.node !== null && tool !== 'look') this.bench.paint(this.bench.cone(from.node, tool));
    }

    /** @param {PointerEvent} event @returns {void} */
    move(event) {
        const before = this.down.get(event.pointerId);
        const at = this.at(event);
        const { bench } = this;
        const { tool, radius } = bench.choice();
        if (!before) {
            if (event.pointerType === 'touch') return;
            bench.hover(this.under(at, event.pointerType));
            bench.hold(tool === 'brush' ? { brush: { ...at, radius } } : {});
            this.element.classList.toggle('graph-wires', tool === 'look' && this.takesWire(at));
            return;
        }
        this.down.set(event.pointerId, at);
        if (this.doing === 'pinch') return this.pinch(event.pointerId, before, at);
        const moved = Math.hypot(at.x - this.from.x, at.y - this.from.y) > STILL;
        switch (this.doing) {
            case 'waits':
                if (!moved) return;
                this.start();
                return this.move(event);
            case 'look':
                if (moved) this.doing = 'pan';
                return;
            case 'pan':
                bench.view.pan(at.x - this.last.x, at.y - this.last.y);
                bench.moved();
                break;
            case 'paint':
                if (tool === 'brush') {
                    this.brush(this.last, at, radius);
                    bench.hold({ brush: { ...at, radius } });
                } else {
                    const node = this.under(at, event.pointerType);
                    if (node !== null && node !== this.from.node && tool !== 'look' && tool !== 'box') {
                        this.from.node = node;
                        bench.paint(bench.cone(node, tool));
                    }
                }
                break;
            case 'box':
                bench.hold({ box: { x0: this.from.x, y0: this.from.y, x1: at.x, y1: at.y } });
                break;
            case 'wire': {
                const { node, to } = this.wireTo(at);
                bench.hover(to);
                const [x0, y0] = this.inputOf(node);
                bench.hold({ wire: { x0, y0, x1: at.x, y1: at.y, allowed: to === null || to < node } });
                break;
            }
        }
        this.last = at;
    }

    /** @param {PointerEvent} event @param {boolean} done */
    lift(event, done) {
        if (!this.down.delete(event.pointerId)) return;
        if (this.doing === 'pinch') {
            // The finger that stays does nothing more.
            this.doing = this.down.size > 1 ? 'pinch' : '';
            return;
        }
        if (this.down.size > 0) return;
        const at = this.at(event);
        const moved = Math.hypot(at.x - this.from.x, at.y - this.from.y) > STILL;
        const { bench } = this;
        if (this.doing === 'waits' && done) this.start();
        if (done && (this.doing === 'look' || (this.doing === 'wire' && !moved))) bench.select(this.from.node);
        else if (done && this.doing === 'wire') {
            const { node, to } = this.wireTo(at);
            if (to !== null && to !== node) bench.wire(node, this.operand, to);
        }
        if (done && this.doing === 'box') this.boxed(at);
        this.stop();
        if (event.pointerType === 'touch') bench.hover(null);
    }

    /** Whatever goes on ends. */
    stop() {
        clearTimeout(this.timer);
        if (this.doing === 'paint') this.bench.end();
        this.doing = '';
        this.bench.hold({});
    }

    /** @param {WheelEvent} event */
    wheel(event) {
        event.preventDefault();
        const { view } = this.bench;
        const { x, y } = this.at(event);
        const lines = event.deltaMode === 0 ? 1 : 24;
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
            view.pan(-(event.deltaX || event.deltaY) * lines, 0);
        } else {
            view.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
        }
        this.bench.moved();
    }

    /**
     * @param {number} moving
     * @param {{ x: number, y: number }} before
     * @param {{ x: number, y: number }} now
     */
    pinch(moving, before, now) {
        const [, other] = [...this.down].find(([id]) => id !== moving) ?? [];
        if (!other) return;
        const { view } = this.bench;
        const apart = Math.hypot(before.x - other.x, before.y - other.y);
        const after = Math.hypot(now.x - other.x, now.y - other.y);
        view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
        if (apart > 1) view.zoom(after / apart, (now.x + other.x) / 2, (now.y + other.y) / 2);
        this.bench.moved();
    }

    /**
     * @param {{ x: number, y: number }} from
     * @param {{ x: number, y: number }} to
     * @param {number} radius
     */
    brush(from, to, radius) {
        const { view } = this.bench;
        const within = Math.max(radius / view.scale, 0.4);
        const nodes = this.bench.index()?.along(...view.toPlane(from.x, from.y), ...view.toPlane(to.x, to.y), within);
        this.bench.paint(nodes ?? []);
    }

    /** @param {{ x: number, y: number }} to */
    boxed(to) {
        const { view } = this.bench;
        const { from } = this;
        const [x0, y0] = view.toPlane(Math.min(from.x, to.x), Math.min(from.y, to.y));
        const [x1, y1] = view.toPlane(Math.max(from.x, to.x), Math.max(from.y, to.y));
        this.bench.begin(this.bench.choice().bend);
        this.bench.paint(this.bench.index()?.inBox(x0, y0, x1, y1) ?? []);
        this.bench.end();
    }

    /** @param {{ x: number, y: number }} at */
    wireTo(at) {
        return { node: /** @type {number} */ (this.from.node), to: this.under(at, 'touch') };
    }

    /** Where the input that is held lies, in pixels. @param {number} node */
    inputOf(node) {
        const layout = this.bench.index()?.layout;
        if (!layout) return [0, 0];
        return this.bench.view.toPixels(layout.x[node] - 0.38, layout.y[node] + (this.operand === 'a' ? -0.17 : 0.17));
    }

    /** Whether a gate's input lies there. @param {{ x: number, y: number }} at */
    takesWire(at) {
        const { view } = this.bench;
        const index = this.bench.index();
        const node = this.under(at, 'mouse');
        if (!index || node === null || view.scale < WIRE_SCALE || !this.bench.isGate(node)) return false;
        const [x, y] = view.toPlane(at.x, at.y);
        this.operand = y < index.layout.y[node] ? 'a' : 'b';
        return x < index.layout.x[node] - 0.2;
    }

    /** @param {{ x: number, y: number }} at @param {string} pointer its type */
    under({ x, y }, pointer) {
        const { view } = this.bench;
        const within = Math.max(REACH, (pointer === 'touch' ? FINGER : 7) / view.scale);
        return this.bench.index()?.nearest(...view.toPlane(x, y), within) ?? null;
    }

    /** @param {MouseEvent} event in pixels of the element */
    at(event) {
        const { left, top } = this.element.getBoundingClientRect();
        return { x: event.clientX - left, y: event.clientY - top };
    }
}
