// The waveform of the whole period, the parts that bends change, and the play position.

import { animate, colours, h, on, onAppearance, prepareCanvas } from '../ui/dom.js';
import { latest, debounce } from '../ui/latest.js';
import { columnOf, runs, changedPercent, timeOf } from '../ui/period.js';
import { formatTime, groupDigits } from '../ui/format.js';

/** @import { Store } from '../store/store.js' */
/** @import { ServerMessage } from '../link/connection.js' */

/** @typedef {Extract<ServerMessage, { type: 'waveform' }>} Picture */

/** As many columns as any screen can show. */
const MAX_COLUMNS = 2048;
/** Pause in changes after which the waveform is requested: a whole period takes long. */
const QUIET_MILLISECONDS = 120;
/** Time after which a waveform shows that it is being drawn. */
const PATIENCE_MILLISECONDS = 300;
/** Distance after which a finger seeks rather than scrolls, in pixels. */
const MIN_SLIDE = 8;
/** Place that the key End goes to, as a fraction of the period: the very end would be over at once. */
const END = 0.99;
/** Distance that a key moves, as a fraction of the period. */
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
        /** The pointer's place when it was pressed, and true if it seeks. */
        let [from, slides] = [0, false];
        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        this.head = h('div', { class: 'head', 'aria-hidden': 'true' });
        this.summary = h('span', { id: 'period-summary', class: 'number soft' });
        this.slider = h('div', {
            id: 'seek', role: 'slider', tabIndex: 0, 'aria-label': 'Position', 'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0,
            onpointerdown: (/** @type {PointerEvent} */ event) => {
                if (event.button !== 0) return;
                this.slider.setPointerCapture(event.pointerId);
                // A finger may scroll instead: then the browser cancels the pointer.
                slides = event.pointerType !== 'touch';
                from = event.clientX;
                if (slides) this.seek(event);
            },
            onpointermove: (/** @type {PointerEvent} */ event) => {
                if (!this.slider.hasPointerCapture(event.pointerId)) return;
                slides ||= Math.abs(event.clientX - from) > MIN_SLIDE;
                if (slides) this.seek(event);
            },
            onpointerup: (/** @type {PointerEvent} */ event) => {
                if (!slides && this.slider.hasPointerCapture(event.pointerId)) this.seek(event);
            },
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
        }, this.canvas, this.head);
        element.append(this.slider);
        document.getElementById('period-title')?.append(' ', this.summary);
        this.seekTo = latest((/** @type {number} */ t) => store.attempt({ type: 'seek', t }));
        /** Number of the last request: a newer one ends those before. */
        this.last = 0;
        const soon = debounce(QUIET_MILLISECONDS, () => void this.update());
        on(store, ['network', 'transport'], () => {
            this.rate = store.playing.rate;
        });
        for (const name of ['network', 'layers', 'touched', 'welcome']) store.addEventListener(name, soon);
        onAppearance(this.slider, () => {
            soon();
            this.draw();
        });
        animate(() => this.follow());
    }

    /** Requests the waveform, and draws it. */
    async update() {
        const number = (this.last += 1);
        const wait = (/** @type {string} */ part) => {
            if (number === this.last) this.summary.textContent = `drawing${part}`;
        };
        const timer = setTimeout(() => wait(''), PATIENCE_MILLISECONDS);
        const columns = Math.max(1, Math.min(MAX_COLUMNS, Math.round(this.canvas.clientWidth * devicePixelRatio)));
        const reply = await this.store.request({ type: 'waveform', columns }, ({ part }) => {
            clearTimeout(timer);
            wait(`, ${Math.floor(100 * part)}%`);
        }).catch(() => null); // The next change or reconnect requests it again.
        clearTimeout(timer);
        if (number !== this.last) return;
        if (reply?.type === 'waveform') this.picture = reply;
        this.draw();
    }

    /** Shows the play position. */
    follow() {
        if (!this.picture || this.canvas.clientWidth === 0) return;
        const { period } = this.picture;
        const x = columnOf(this.store.t, period, this.canvas.clientWidth);
        this.head.style.transform = `translateX(${x.toFixed(1)}px)`;
        this.describe();
    }

    /** Updates the slider's value for screen readers. */
    describe() {
        const period = this.picture?.period ?? 1;
        const within = this.store.t % period;
        // A screen reader reads each change, so seconds are better than samples.
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
        this.seekTo(timeOf(event.clientX - box.left, this.picture.period, box.width, this.store.t));
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (!this.picture) return;
        const { period } = this.picture;
        const part = columnOf(this.store.t, period, 1);
        const to = { Home: 0, End: END }[event.key] ?? (event.key in STEPS ? (part + STEPS[event.key] + 1) % 1 : null);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        this.seekTo(timeOf(to, period, 1, this.store.t));
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
        this.summary.textContent = `${groupDigits(period)} samples, ${formatTime(period / this.rate)}${part ? `, ${part}% bent` : ''}`;
        this.slider.dataset.bent = String(part);
    }
}
