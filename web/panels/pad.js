// The touch pad, played with fingers, pen, mouse or keys.

import { colours, oncePerFrame, h, on, onAppearance, refill, prepareCanvas, seldom } from '../ui/dom.js';
import { Fingers } from '../ui/fingers.js';

/** @import { Store } from '../store/store.js' */
/** @import { Region } from '../types/Region' */

/** Signs in place of labels. */
const SIGNS = /** @type {Record<string, string>} */ ({ prev: '‹', next: '›' });
/** Distance for one press of an arrow key, as a fraction of the field. */
const STEP = 0.02;
/** Duration of a tap that a screen reader makes: several scans of the sensor, and no hold. */
const TAP_MILLISECONDS = 120;
/** Ids of the finger that a mouse leaves behind, and of the keyboard's. */
const PINNED = 'pinned';
const KEYS = 'keys';

export class Pad {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.element = element;
        this.store = store;
        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        this.field = h('div', {
            id: 'field', tabIndex: 0, role: 'application', 'aria-label': 'Touch field',
            'aria-describedby': 'pad-help', 'aria-roledescription': 'touch pad',
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.keyDown(event),
            onkeyup: (/** @type {KeyboardEvent} */ event) => {
                if (event.key === ' ') this.fingers.lift(KEYS);
            },
            onclick: (/** @type {MouseEvent} */ event) => this.click(event, KEYS, () => this.press()),
            onfocus: () => this.draw(),
            onblur: () => { this.fingers.lift(KEYS); this.draw(); },
        });
        this.strip = h('div', { class: 'regions' });
        /** Buttons by the name of their region. @type {Map<string, HTMLButtonElement>} */
        this.buttons = new Map();
        const size = h('input', {
            id: 'finger-size', type: 'range', min: '5', max: '100', step: '5', value: '40', 'aria-label': 'Finger size',
            oninput: () => { this.size = size.valueAsNumber / 100; },
        });
        const surface = h('div', { class: 'surface', id: 'surface' }, this.canvas, this.field, this.strip);
        this.surface = surface;
        element.append(
            surface,
            h('div', { class: 'fader' }, h('label', { for: 'finger-size' }, 'Finger'), size),
            h('p', { id: 'pad-help', class: 'sr' },
                'Arrow keys move a finger, Space touches. Shift and a click leave a second finger in place.'),
        );
        this.size = 0.4;
        this.cursor = { x: 0.5, y: 0.5 };
        /** @type {Region | undefined} */
        this.region = undefined;
        const send = () => store.send({ type: 'touch', fingers: [...this.fingers.fingers.values()] });
        const sendSoon = oncePerFrame(send);
        let count = 0;
        this.fingers = new Fingers((fingers) => {
            // Moves are sent once per frame; touches and lifts at once, since a hidden page has
            // no frames.
            if (fingers.length === count) sendSoon();
            else send();
            count = fingers.length;
            this.draw();
        });
        this.draw = oncePerFrame(() => this.paint());

        surface.addEventListener('pointerdown', (event) => this.down(event));
        surface.addEventListener('pointermove', (event) => {
            if (surface.hasPointerCapture(event.pointerId)) this.move(event);
        });
        for (const name of /** @type {const} */ (['pointerup', 'pointercancel', 'lostpointercapture'])) {
            surface.addEventListener(name, (event) => this.fingers.lift(event.pointerId));
        }
        surface.addEventListener('contextmenu', (event) => event.preventDefault());
        // A hidden page touches nothing.
        document.addEventListener('visibilitychange', () => { if (document.hidden) this.fingers.clear(); });
        addEventListener('blur', () => this.fingers.clear());
        addEventListener('pagehide', () => this.fingers.clear());

        on(store, ['welcome'], () => this.layOut());
        on(store, ['welcome', 'page'], () => this.label());
        on(store, ['network', 'layers', 'touched', 'parameters'], this.draw);
        store.addEventListener('activity', seldom(this.draw));
        store.addEventListener('connection', () => { if (store.connection.state !== 'open') this.fingers.clear(); });
        onAppearance(surface, this.draw);
    }

    /** Places the regions as the instrument does. */
    layOut() {
        const regions = this.store.welcome?.regions ?? [];
        this.region = regions.find(({ name }) => name === 'field');
        place(this.field, this.region?.corners ?? [0, 0, 1, 1]);
        this.buttons = new Map(regions.filter(({ name }) => name !== 'field').map((region) => {
            const [left, top, right, bottom] = region.corners;
            const press = () => this.fingers.put(region.name, (left + right) / 2, (top + bottom) / 2, this.size);
            const button = h('button', {
                type: 'button', id: `pad-${region.name}`,
                onkeydown: (/** @type {KeyboardEvent} */ event) => {
                    if (event.key !== ' ' && event.key !== 'Enter') return;
                    event.preventDefault();
                    if (!event.repeat) press();
                },
                onkeyup: (/** @type {KeyboardEvent} */ event) => {
                    // Firefox would click.
                    if (event.key === ' ') event.preventDefault();
                    this.fingers.lift(region.name);
                },
                onblur: () => this.fingers.lift(region.name),
                onclick: (/** @type {MouseEvent} */ event) => this.click(event, region.name, press),
            });
            place(button, region.corners);
            return [region.name, button];
        }));
        refill(this.strip, ...this.buttons.values());
        this.draw();
    }

    /** Labels the buttons as the display's page does. */
    label() {
        const page = this.store.welcome?.pages.find(({ name }) => name === this.store.state.page);
        const labels = new Map(page?.labels);
        for (const [name, button] of this.buttons) {
            const label = labels.get(name) ?? name;
            button.textContent = SIGNS[label] ?? label;
            button.setAttribute('aria-label', `Pad: ${label in SIGNS ? name : label}`);
        }
    }

    /**
     * Taps for a click without a pointer, as screen readers make.
     * @param {MouseEvent} event
     * @param {string} finger
     * @param {() => void} press puts the finger down
     */
    click(event, finger, press) {
        if (event.detail !== 0) return;
        press();
        setTimeout(() => this.fingers.lift(finger), TAP_MILLISECONDS);
    }

    /** @param {PointerEvent} event */
    down(event) {
        if (event.button !== 0) return;
        event.preventDefault();
        const { fingers } = this;
        if (event.pointerType === 'mouse' && event.shiftKey) {
            // Leaves a finger in place, so that one mouse can span a box of two fingers.
            const { x, y } = this.at(event);
            if (fingers.fingers.has(PINNED)) fingers.lift(PINNED);
            else fingers.put(PINNED, x, y, this.size);
            return;
        }
        if (event.target instanceof HTMLElement && event.target !== this.canvas) event.target.focus({ preventScroll: true });
        this.surface.setPointerCapture(event.pointerId);
        this.move(event);
    }

    /** @param {PointerEvent} event */
    move(event) {
        const { x, y } = this.at(event);
        const size = event.pointerType === 'pen' && event.pressure > 0 ? event.pressure : this.size;
        this.fingers.put(event.pointerId, x, y, size);
    }

    /** @param {PointerEvent} event @returns {{ x: number, y: number }} as fractions of the pad */
    at(event) {
        const box = this.surface.getBoundingClientRect();
        return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    }

    /** @param {KeyboardEvent} event */
    keyDown(event) {
        const { cursor } = this;
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (by) {
            const far = event.shiftKey ? 5 : 1;
            cursor.x = Math.max(0, Math.min(1, cursor.x + by[0] * STEP * far));
            cursor.y = Math.max(0, Math.min(1, cursor.y + by[1] * STEP * far));
            if (this.fingers.fingers.has(KEYS)) this.press();
        } else if (event.key === ' ') {
            if (!event.repeat) this.press();
        } else {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
        this.draw();
    }

    press() {
        const [left, top, right, bottom] = this.region?.corners ?? [0, 0, 1, 1];
        // The edge itself belongs to the next region.
        const inside = (/** @type {number} */ part) => 0.001 + 0.998 * part;
        this.fingers.put(KEYS,
            left + (right - left) * inside(this.cursor.x), top + (bottom - top) * inside(this.cursor.y), this.size);
    }

    paint() {
        const { store } = this;
        const { context, width, height } = prepareCanvas(this.canvas);
        const [line, soft, one, bend, ink] = colours('line', 'soft', 'one', 'bend', 'ink');
        const [left, top, right, bottom] = this.region?.corners ?? [0, 0, 1, 1];
        const x = (/** @type {number} */ part) => (left + (right - left) * part) * width;
        const y = (/** @type {number} */ part) => (top + (bottom - top) * part) * height;
        const { network, layers, touched } = store.state;
        const places = network?.places ?? [];
        const nodes = store.activity && store.activity.revision === network?.revision ? store.activity.nodes : null;
        const bent = new Set();
        for (const layer of layers?.layers ?? []) {
            for (const [node, , counts] of layer.bends) if (counts) bent.add(node);
        }
        const under = new Set(touched?.nodes ?? []);
        if (touched?.steered !== null && touched?.steered !== undefined) under.add(touched.steered);
        const gate = Math.max(1.5, Math.min(5, 0.32 * Math.sqrt((width * height) / (places.length || 1))));
        for (const [node, px, py] of places) {
            const is = nodes ? nodes[node] : 0;
            context.globalAlpha = is & 128 ? 0.9 : 0.55;
            context.fillStyle = is & 128 ? one : line;
            if (bent.has(node)) {
                context.globalAlpha = 1;
                context.fillStyle = bend;
            }
            context.fillRect(x(px) - gate / 2, y(py) - gate / 2, gate, gate);
            if (under.has(node)) {
                context.globalAlpha = 1;
                context.strokeStyle = bend;
                context.lineWidth = 1.5;
                context.strokeRect(x(px) - gate, y(py) - gate, 2 * gate, 2 * gate);
            }
        }
        context.globalAlpha = 1;
        const reach = store.value('radius') / 100 * (right - left) * width;
        context.lineWidth = 1.5;
        const fingers = [...this.fingers.fingers.values()];
        if (fingers.length > 1) {
            const xs = fingers.map((finger) => finger.x * width);
            const ys = fingers.map((finger) => finger.y * height);
            context.strokeStyle = soft;
            context.setLineDash([4, 4]);
            context.strokeRect(Math.min(...xs), Math.min(...ys), Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
            context.setLineDash([]);
        }
        for (const finger of fingers) {
            context.beginPath();
            context.arc(finger.x * width, finger.y * height, Math.max(8, reach * finger.size), 0, 2 * Math.PI);
            context.globalAlpha = 0.22;
            context.fillStyle = bend;
            context.fill();
            context.globalAlpha = 1;
            context.strokeStyle = bend;
            context.stroke();
        }
        if (document.activeElement === this.field && this.field.matches(':focus-visible')) {
            const [cx, cy] = [x(this.cursor.x), y(this.cursor.y)];
            context.strokeStyle = ink;
            context.beginPath();
            context.moveTo(cx - 9, cy);
            context.lineTo(cx + 9, cy);
            context.moveTo(cx, cy - 9);
            context.lineTo(cx, cy + 9);
            context.stroke();
        }
    }
}

/** @param {HTMLElement} element @param {[number, number, number, number]} corners */
function place(element, [left, top, right, bottom]) {
    Object.assign(element.style, {
        left: `${100 * left}%`, top: `${100 * top}%`,
        width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%`,
    });
}
