// The whole period, with what bends changed of it, and where it is played.

import { colours, h, on, onAppearance, prepareCanvas, reducedMotion } from '../ui/dom.js';
import { latest, debounce } from '../ui/latest.js';
import { columnOf, runs, changedPercent, timeOf } from '../ui/period.js';
import { formatTime, groupDigits } from '../ui/format.js';
import { describe } from '../ui/network-file.js';

/** @import { Store } from '../store/store.js' */
/** @import { ServerMessage } from '../link/connection.js' */

/** @typedef {Extract<ServerMessage, { type: 'waveform' }>} Picture */

/** As many as are told apart on any screen. */
const MOST_COLUMNS = 2048;
/** A whole period is much work: not for every gate that a finger passes. */
const QUIET_MILLISECONDS = 120;
/** Time to the next look at where it is, where things shall keep still. */
const STILL_MILLISECONDS = 500;
/** A finger seeks that goes so far along, in pixels. */
const SLIDE = 8;
/** Parts of the period that a key goes on by. */
const STEPS = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1 / 100, ArrowDown: -1 / 100, ArrowRight: 1 / 100, ArrowUp: 1 / 100, PageDown: -1 / 10, PageUp: 1 / 10,
});

export class Waveform {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.store = store;
        /** @type {Picture | null} */
        this.picture = null;
        this.rate = 8000;
        /** Where the pointer came, and whether it seeks. */
        let [from, slides] = [0, false];
        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        this.head = h('div', { class: 'head', 'aria-hidden': 'true' });
        this.said = h('span', { id: 'period-said', class: 'number soft' });
        this.slider = h('div', {
            id: 'seek', role: 'slider', tabIndex: 0, 'aria-label': 'Place in the period', 'aria-valuemin': 0,
            onpointerdown: (/** @type {PointerEvent} */ event) => {
                if (event.button !== 0) return;
                this.slider.setPointerCapture(event.pointerId);
                // A finger may have come to scroll: then the browser takes it away again.
                slides = event.pointerType !== 'touch';
                from = event.clientX;
                if (slides) this.seek(event);
            },
            onpointermove: (/** @type {PointerEvent} */ event) => {
                if (!this.slider.hasPointerCapture(event.pointerId)) return;
                slides ||= Math.abs(event.clientX - from) > SLIDE;
                if (slides) this.seek(event);
            },
            onpointerup: (/** @type {PointerEvent} */ event) => {
                if (!slides && this.slider.hasPointerCapture(event.pointerId)) this.seek(event);
            },
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
            onfocus: () => this.speak(),
        }, this.canvas, this.head);
        element.append(this.slider);
        document.getElementById('period-title')?.append(' ', this.said);
        this.send = latest((/** @type {number} */ t) => store.attempt({ type: 'seek', t }));
        this.ask = latest(async () => {
            try {
                const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.round(this.canvas.clientWidth * devicePixelRatio)));
                const told = await store.request({ type: 'waveform', columns });
                if (told.type === 'waveform') this.picture = told;
            } catch {
                // Drawn at the next change or greeting.
            }
            this.draw();
        });
        const soon = debounce(QUIET_MILLISECONDS, () => this.ask(undefined));
        on(store, ['network', 'transport'], () => {
            this.rate = store.state.transport?.rate || describe(store.state.network?.file).rate;
        });
        for (const name of ['network', 'layers', 'touched', 'welcome']) store.addEventListener(name, soon);
        onAppearance(this.slider, () => {
            soon();
            this.draw();
        });
        if (reducedMotion()) setInterval(() => this.follow(), STILL_MILLISECONDS);
        else this.run();
    }

    run() {
        requestAnimationFrame(() => {
            this.follow();
            this.run();
        });
    }

    /** Where it is played. */
    follow() {
        if (!this.picture || this.canvas.clientWidth === 0) return;
        const { period } = this.picture;
        const x = columnOf(this.store.t, period, this.canvas.clientWidth);
        this.head.style.transform = `translateX(${x.toFixed(1)}px)`;
        if (document.activeElement === this.slider) this.speak();
    }

    speak() {
        const period = this.picture?.period ?? 1;
        const within = this.store.t % period;
        // A screen reader reads what changes: seconds, not samples.
        const text = `${(within / this.rate).toFixed(0)} of ${(period / this.rate).toFixed(0)} seconds`;
        if (this.slider.getAttribute('aria-valuetext') === text) return;
        this.slider.setAttribute('aria-valuemax', String(period - 1));
        this.slider.setAttribute('aria-valuenow', String(within));
        this.slider.setAttribute('aria-valuetext', text);
    }

    /** @param {PointerEvent} event */
    seek(event) {
        if (!this.picture) return;
        const box = this.slider.getBoundingClientRect();
        this.send(timeOf(event.clientX - box.left, this.picture.period, box.width, this.store.t));
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (!this.picture) return;
        const { period } = this.picture;
        const part = columnOf(this.store.t, period, 1);
        const to = { Home: 0, End: 1 }[event.key] ?? (event.key in STEPS ? (part + STEPS[event.key] + 1) % 1 : null);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        this.send(timeOf(to, period, 1, this.store.t));
    }

    draw() {
        const { context, width, height } = prepareCanvas(this.canvas);
        if (!this.picture) return;
        const { bent, plain, changed, period } = this.picture;
        const [line, soft, bend, ink] = colours('line', 'soft', 'bend', 'ink');
        const columns = bent.length;
        const x = (/** @type {number} */ i) => (i / columns) * width;
        const y = (/** @type {number} */ sample) => (1 - (sample + 0.5) / 256) * height;
        context.fillStyle = bend;
        context.globalAlpha = 0.13;
        for (const [from, to] of runs(changed)) context.fillRect(x(from), 0, x(to) - x(from), height);
        context.globalAlpha = 1;
        context.fillStyle = line;
        context.fillRect(0, height / 2, width, 1);
        const bars = (/** @type {[number, number][]} */ all, /** @type {(i: number) => boolean} */ wanted) => {
            const w = Math.max(0.6, width / columns);
            all.forEach(([low, high], i) => {
                if (wanted(i)) context.fillRect(x(i), y(high), w, Math.max(1, y(low) - y(high)));
            });
        };
        context.fillStyle = soft;
        context.globalAlpha = 0.35;
        bars(plain, (i) => changed[i]);
        context.globalAlpha = 0.8;
        context.fillStyle = ink;
        bars(bent, (i) => !changed[i]);
        context.globalAlpha = 1;
        context.fillStyle = bend;
        bars(bent, (i) => changed[i]);
        const part = changedPercent(changed);
        this.said.textContent = `${groupDigits(period)} samples, ${formatTime(period / this.rate)}${part ? `, ${part}% bent` : ''}`;
        this.slider.dataset.bent = String(part);
    }
}
