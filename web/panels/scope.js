// Oscilloscope and spectrum of this page's sound.

import { animate, colours, h, on, onAppearance, prepareCanvas } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */
/** @import { Sound } from '../audio/sound.js' */
/** @import { Output } from './output.js' */

/** Time that the oscilloscope shows. */
const SECONDS = 0.023;
/** Lowest frequency and range of levels of the spectrum. */
const MIN_HERTZ = 40;
const MIN_DECIBELS = -100;
const MAX_DECIBELS = -20;
const BARS = 96;
const MARKS = /** @type {const} */ ([[100, '100'], [1000, '1k'], [10000, '10k']]);

/**
 * Returns the index where the signal first rises through 0, or 0: a stable start of the
 * picture.
 * @param {Float32Array} samples
 * @param {number} until end of the search
 */
export function trigger(samples, until) {
    for (let i = 1; i < until; i++) if (samples[i - 1] < 0 && samples[i] >= 0) return i;
    return 0;
}

export class Scope {
    /** @param {HTMLElement} element @param {Store} store @param {Sound} sound @param {Output} output */
    constructor(element, store, sound, output) {
        this.sound = sound;
        this.wave = h('canvas', { id: 'oscilloscope', role: 'img', 'aria-label': 'Oscilloscope' });
        this.bars = h('canvas', { id: 'spectrum', role: 'img', 'aria-label': 'Spectrum' });
        const hint = h('button', { type: 'button', class: 'pill', id: 'listen-here', onclick: () => output.toggle() }, 'Listen in this page');
        const none = h('p', { class: 'soft' }, 'This instrument plays through its own outputs and sends no sound to pages.');
        this.pictures = h('div', { class: 'pictures' }, h('figure', {}, this.wave), h('figure', {}, this.bars));
        element.append(this.pictures, hint, none);
        on(sound, ['change'], () => {
            const can = sound.possible;
            hint.hidden = sound.audible || !can;
            none.hidden = can || !store.welcome;
            this.pictures.classList.toggle('off', !sound.audible);
        });
        store.addEventListener('welcome', () => sound.emitChange());
        onAppearance(this.pictures, () => this.draw());
        this.samples = new Float32Array(0);
        this.levels = new Float32Array(0);
        animate(() => {
            if (sound.audible) this.draw();
        });
    }

    draw() {
        if (this.wave.clientWidth === 0) return;
        const { bus } = this.sound;
        const [line, soft, one] = colours('line', 'soft', 'one');
        this.drawWave(bus, line, one);
        this.drawBars(bus, line, soft, one);
    }

    /** @param {AnalyserNode | null} bus @param {string} line @param {string} one */
    drawWave(bus, line, one) {
        const { context, width, height } = prepareCanvas(this.wave);
        context.fillStyle = line;
        for (const part of [0.25, 0.5, 0.75]) {
            context.fillRect(0, Math.round(height * part), width, 1);
            context.fillRect(Math.round(width * part), 0, 1, height);
        }
        if (!bus) return;
        if (this.samples.length !== bus.fftSize) this.samples = new Float32Array(bus.fftSize);
        bus.getFloatTimeDomainData(/** @type {Float32Array<ArrayBuffer>} */ (this.samples));
        const count = Math.min(Math.round(SECONDS * bus.context.sampleRate), this.samples.length);
        const first = trigger(this.samples, this.samples.length - count);
        context.strokeStyle = one;
        context.lineWidth = 1.5;
        context.lineJoin = 'round';
        context.beginPath();
        for (let i = 0; i < count; i++) {
            context.lineTo((i / (count - 1)) * width, (0.5 - 0.48 * this.samples[first + i]) * height);
        }
        context.stroke();
    }

    /** @param {AnalyserNode | null} bus @param {string} line @param {string} soft @param {string} one */
    drawBars(bus, line, soft, one) {
        const { context, width, height } = prepareCanvas(this.bars);
        const most = (bus?.context.sampleRate ?? 44_100) / 2;
        const octaves = Math.log(most / MIN_HERTZ);
        context.font = '10px ui-monospace, monospace';
        for (const [hertz, label] of MARKS) {
            const x = Math.round((Math.log(hertz / MIN_HERTZ) / octaves) * width);
            context.fillStyle = line;
            context.fillRect(x, 0, 1, height);
            context.fillStyle = soft;
            context.fillText(label, x + 4, 11);
        }
        if (!bus) return;
        if (this.levels.length !== bus.frequencyBinCount) this.levels = new Float32Array(bus.frequencyBinCount);
        bus.getFloatFrequencyData(/** @type {Float32Array<ArrayBuffer>} */ (this.levels));
        const bin = (/** @type {number} */ part) => (MIN_HERTZ * Math.exp(part * octaves) / most) * this.levels.length;
        context.fillStyle = one;
        for (let i = 0; i < BARS; i++) {
            let level = -Infinity;
            const end = Math.max(Math.ceil(bin((i + 1) / BARS)), Math.floor(bin(i / BARS)) + 1);
            for (let k = Math.floor(bin(i / BARS)); k < Math.min(end, this.levels.length); k++) level = Math.max(level, this.levels[k]);
            const part = Math.max(0, Math.min(1, (level - MIN_DECIBELS) / (MAX_DECIBELS - MIN_DECIBELS)));
            context.fillRect((i / BARS) * width, height * (1 - part), Math.max(1, width / BARS - 1.5), height * part);
        }
    }
}
