// Learn: a network learns to say a sound, and plays meanwhile.

import { colours, fill, h, on, onAppearance, prepareCanvas } from '../ui/dom.js';
import { latest } from '../ui/latest.js';
import { groupDigits, sentence } from '../ui/format.js';
import { columnsOf, encoded, timeLeft, trimmed } from '../ui/sounds.js';
import { MAX_SECONDS, Take, read } from '../audio/take.js';

/** @import { Store } from '../store/store.js' */
/** @import { Sound } from '../audio/sound.js' */
/** @import { Progress } from '../link/connection.js' */

/** @typedef {Extract<Progress, { type: 'learning' }>} Learning */

/** Sample rates in Hz. */
const RATES = [4000, 8000, 16_000];
const DEFAULT_RATE = 8000;
/** A loop has 2 to the power of so many samples. */
const BITS = [11, 12, 13, 14, 15, 16];
const SIZES = [200, 400, 700, 1000, 1500, 2000, 3000, 5000, 8000, 16_000];
const DEFAULT_SIZE = 1500;
/** Largest product of gates and samples: `MAX_SIZE` in src/link/training.rs. */
const MAX_SIZE = 2 ** 27;
/** Part of a sound that its loop has at least; the rest is left out. */
const MIN_PART = 0.9;
/** Columns of the waveforms. */
const COLUMNS = 256;
/** Instruments that are as fast as a computer. */
const FAST = ['desk', 'browser'];
const FIRST = 'Record a word or choose a sound: a network of gates learns to say it.';

export class Learn {
    /** @param {HTMLElement} element @param {Store} store @param {Sound} sound of the page, which is off while it records */
    constructor(element, store, sound) {
        this.store = store;
        this.sound = sound;
        /** The recording in progress. @type {Take | null} */
        this.take = null;
        /** The sound to learn, and its samples at the rate of the field.
         * @type {{ file: Blob, name: string, samples: Float32Array } | null} */
        this.target = null;
        /** Reports of the training, the last one also after its end. @type {Learning[]} */
        this.reports = [];
        /** The moment at which the training began, while it goes on. @type {number | null} */
        this.since = null;
        /** The address of the page that trains a network, as it is shown. @type {string | undefined} */
        this.other = undefined;
        /** Why the training was ended here, as a sentence for the player. */
        this.ending = '';

        this.recordButton = h('button', { id: 'learn-record', type: 'button', class: 'pill', onclick: () => void this.record() });
        const file = h('input', {
            type: 'file', id: 'learn-file', accept: 'audio/*,video/webm', class: 'sr', tabIndex: -1, 'aria-hidden': 'true',
            onchange: () => {
                const [chosen] = file.files ?? [];
                if (chosen) void this.open(chosen, chosen.name);
                file.value = '';
            },
        });
        this.wave = h('canvas', { id: 'learn-wave', 'aria-hidden': 'true' });
        this.errors = h('canvas', { id: 'learn-errors', 'aria-hidden': 'true' });
        this.bits = h('select', {
            id: 'learn-length',
            onchange: () => {
                this.draw();
                this.plot();
            },
        });
        this.size = h('select', { id: 'learn-size', title: 'More gates say it more clearly' });
        this.rate = h('select', {
            id: 'learn-rate', title: 'Samples a second: higher is clearer, and takes more gates',
            onchange: () => { if (this.target) void this.open(this.target.file, this.target.name); },
        }, ...RATES.map((rate) => h('option', { value: rate, selected: rate === DEFAULT_RATE }, `${rate / 1000} kHz`)));
        this.startButton = h('button', {
            id: 'learn-start', type: 'button', class: 'main', onclick: () => (this.since === null ? void this.learn() : this.stop('Stopped.')),
        });
        this.progress = h('progress', { id: 'learn-progress', max: 1, 'aria-label': 'Learning' });
        this.figures = h('p', { id: 'learn-figures', class: 'soft' });
        this.warning = h('p', { id: 'learn-warning', class: 'soft' });
        this.message = h('p', { id: 'learn-message', role: 'status', class: 'soft' }, FIRST);
        this.form = h('div', { id: 'learn-form' },
            h('div', { class: 'plots' }, this.wave, this.errors),
            h('div', { class: 'line' },
                h('label', { for: 'learn-length' }, 'Length'), this.bits,
                h('label', { for: 'learn-rate' }, 'Rate'), this.rate),
            h('div', { class: 'line' }, h('label', { for: 'learn-size' }, 'Size'), this.size, this.startButton),
            this.progress, this.figures, this.warning);
        element.append(
            h('div', { class: 'line' }, this.recordButton, h('button', {
                id: 'learn-choose', type: 'button', class: 'pill', title: 'Choose a sound file, or drop it onto the page', onclick: () => file.click(),
            }, 'Choose a sound')),
            this.message, this.form, file);
        this.play = latest((/** @type {string} */ network) => this.load(network));
        on(store, ['welcome', 'connection'], () => this.draw());
        store.addEventListener('status', () => {
            if (this.other !== store.status?.training) this.draw();
        });
        onAppearance(this.wave, () => this.plot());
        setInterval(() => {
            if (this.take && this.take.seconds >= MAX_SECONDS) void this.record();
            else if (this.take) this.draw();
        }, 250);
    }

    /** Starts a recording, or ends it and takes its sound. */
    async record() {
        const { sound, take } = this;
        try {
            if (take) {
                this.take = null;
                const file = await take.stop();
                if (this.wasAudible) void sound.listen();
                await this.open(file, 'recording');
            } else {
                this.recordButton.disabled = true;
                this.say('The browser asks for your permission.');
                this.take = await Take.start();
                // The microphone would hear it.
                this.wasAudible = sound.audible;
                if (this.wasAudible) sound.mute();
                this.say('Speak, then press Stop.');
            }
        } catch (problem) {
            this.say(/** @type {Error} */ (problem).message, true);
        }
        this.draw();
    }

    /**
     * Takes a sound, and the shortest length that holds it.
     * @param {Blob} file
     * @param {string} name with or without extension
     */
    async open(file, name) {
        try {
            if (this.since !== null) throw new Error('It is still learning: press Stop first.');
            const rate = Number(this.rate.value);
            const samples = trimmed(await read(file, rate), rate);
            this.target = { file, name: name.replace(/\.\w+$/, ''), samples };
            this.reports = [];
            const bits = BITS.find((n) => 2 ** n >= MIN_PART * samples.length) ?? BITS[BITS.length - 1];
            fill(this.bits, ...BITS.map((n) => h('option', { value: n, selected: n === bits }, `${(2 ** n / rate).toFixed(1)} s`)));
            this.say(`${(samples.length / rate).toFixed(1)} s of sound. Press Learn.`);
        } catch (problem) {
            this.say(/** @type {Error} */ (problem).message, true);
        }
        this.draw();
        this.plot();
    }

    /** Trains a network to the sound, until its end or until {@link stop}. */
    async learn() {
        if (!this.target) return;
        const { name, samples } = this.target;
        const [bits, rate, gates] = [this.bits, this.rate, this.size].map(({ value }) => Number(value));
        this.reports = [];
        this.since = performance.now();
        this.ending = '';
        /** False once a network of this training was sent. */
        this.begins = true;
        this.say('It learns, and plays what it has learned.');
        this.draw();
        this.plot();
        try {
            const sound = encoded(samples.subarray(0, 2 ** bits));
            await this.store.request({ type: 'train', name, sound, rate, bits, gates }, (report) => this.follow(report));
            this.say(this.reports.at(-1)?.error === 0 ? 'It says the sound exactly. Bend it.' : 'Done. Bend it.');
        } catch (problem) {
            this.say(this.ending || sentence(/** @type {Error} */ (problem).message), this.ending === '');
        }
        this.since = null;
        this.draw();
        this.plot();
    }

    /** Ends the training; the network that plays stays. @param {string} why a sentence for the player */
    stop(why) {
        if (this.since === null || this.ending) return;
        this.ending = why;
        this.store.send({ type: 'stop-training' });
    }

    /** @param {Progress} report */
    follow(report) {
        if (report.type !== 'learning' || this.ending) return;
        this.reports.push(report);
        if (report.network) this.play(report.network);
        this.plot();
    }

    /** Plays a network of the training. @param {string} network its file */
    async load(network) {
        if (this.ending) return;
        const { begins } = this;
        this.begins = false;
        try {
            await this.store.request({ type: 'load', network, begins });
        } catch (problem) {
            // Somebody has bent the network, or it is too slow for the instrument.
            this.stop(sentence(/** @type {Error} */ (problem).message));
        }
    }

    /** @param {string} text a sentence @param {boolean} [bad] true for errors */
    say(text, bad = false) {
        this.message.textContent = text;
        this.message.classList.toggle('bad', bad);
    }

    draw() {
        const { store, since, take, target } = this;
        this.recordButton.textContent = take ? `Stop ${take.seconds.toFixed(1)} s` : 'Record a word';
        this.recordButton.setAttribute('aria-pressed', String(take !== null));
        this.form.hidden = target === null;
        const learns = since !== null;
        this.startButton.textContent = learns ? 'Stop' : 'Learn';
        for (const field of [this.bits, this.rate, this.size, this.recordButton]) field.disabled = learns;
        const most = MAX_SIZE / 2 ** Number(this.bits.value);
        const sizes = SIZES.filter((size) => size <= most);
        if (this.size.options.length !== sizes.length) {
            const size = Math.min(Number(this.size.value) || DEFAULT_SIZE, sizes[sizes.length - 1]);
            fill(this.size, ...sizes.map((of) => h('option', { value: of, selected: of === size }, `${groupDigits(of)} gates`)));
        }
        const { board = '' } = store.welcome ?? {};
        this.other = store.status?.training;
        this.warning.textContent = this.other && !learns ? `The page at ${this.other} trains a network.`
            : board && !FAST.includes(board) ? 'This board learns slowly. In this page, it takes a minute.' : '';
    }

    /** Shows how far the training is: figures, the sound and what the network says, and the
     * error over time. */
    plot() {
        const last = this.reports.at(-1);
        this.progress.hidden = this.since === null;
        this.progress.value = last?.part ?? 0;
        const seconds = (performance.now() - (this.since ?? 0)) / 1000;
        const left = this.since !== null && last ? timeLeft(last.part, seconds) : '';
        this.figures.textContent = last ? `${[`${groupDigits(last.gates)} gates`, `error ${(100 * last.error).toFixed(1)}%`, left].filter(Boolean).join(', ')}.` : '';
        const { context, width, height } = prepareCanvas(this.wave);
        const [line, soft, one] = colours('line', 'soft', 'one');
        const bars = (/** @type {[number, number][]} */ all, /** @type {string} */ colour) => {
            context.fillStyle = colour;
            const y = (/** @type {number} */ value) => (1 - value / 255) * height;
            all.forEach(([low, high], i) => {
                context.fillRect((i / all.length) * width, y(high), width / all.length, Math.max(1, y(low) - y(high)));
            });
        };
        if (this.target) bars(columnsOf(this.target.samples, 2 ** Number(this.bits.value), COLUMNS), last ? line : soft);
        if (last) bars(last.wave, one);
        const plot = prepareCanvas(this.errors);
        plot.context.strokeStyle = one;
        plot.context.lineWidth = 2;
        plot.context.beginPath();
        for (const { part, error } of this.reports) {
            plot.context.lineTo(part * plot.width, 1 + (1 - Math.min(1, error)) * (plot.height - 2));
        }
        plot.context.stroke();
        plot.context.fillStyle = line;
        plot.context.fillRect(0, plot.height - 1, plot.width, 1);
    }
}
