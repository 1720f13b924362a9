// An expression of t, sound and controls, compiled to gates and played while it is typed.

import { fill, h } from '../ui/dom.js';
import { Disconnected, Refusal } from '../link/connection.js';
import { debounce } from '../ui/latest.js';
import { describe } from '../ui/network-file.js';
import { formatSize, groupDigits, quotedAt, sentence, splitAtError } from '../ui/format.js';

/** @import { Store } from '../store/store.js' */
/** @import { Signal } from '../ui/signals.js' */

/** Pause in typing after which the expression is compiled. */
const QUIET_MILLISECONDS = 180;
/** Time after which a compilation shows that it goes on. */
const PATIENCE_MILLISECONDS = 300;

/** Well-known bytebeat: name and author, expression, bits of t. */
const CLASSICS = /** @type {const} */ ([
    ['The 42 melody, by several people at once', 't*(42&t>>10)', 14],
    ['Minimal Sierpinski', 't&t>>8', 16],
    ['First light, by viznut', 't*((t>>12|t>>8)&63&t>>4)', 18],
    ['Stairs, by tejeez', '(t*(t>>5|t>>8))>>(t>>16)', 18],
    ['Sierpinski harmony, by miiro', 't*5&(t>>7)|t*3&(t*4>>10)', 16],
    ['Running man, by viznut', '(t*((3+(1^t>>10&5))*(5+(3&t>>14))))>>(t>>8&3)', 16],
    ['Lost in space, by xpansive', '((t*(t>>8|t>>9)&46&t>>8))^(t&t>>13|t>>6)', 18],
]);
/** Sample rates in Hz that are in use. */
const RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000];
const DEFAULT_RATE = 8000;
/** The largest sample rate in Hz that the instrument takes. */
const MAX_RATE = 768_000;
/** Bits of sound and of a sample, if the player wants no others. */
const DEFAULT_BITS = 8;
/** What expressions consist of besides names. */
const SIGNS = /^[\d\s()[\],+\-*/%<>&|^!~=?:]*$/;

export class Expression {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.store = store;
        /** Number of the last compile request. */
        this.last = 0;
        /** True if the text is to be compiled once the instrument is back. */
        this.unsent = false;
        /** True while the text is compiled and loaded. */
        this.busy = false;
        /** True if another network came while the player was typing. */
        this.behind = false;
        /** @type {ReturnType<typeof setInterval> | undefined} */
        this.timer = undefined;
        this.text = h('textarea', {
            id: 'expression-text', rows: 2, spellcheck: false, autocomplete: 'off', 'autocapitalize': 'off',
            placeholder: 't*(42&t>>10)', 'aria-label': 'Expression of t, sound and controls', 'aria-describedby': 'expression-message',
            oninput: () => this.type(), onscroll: () => this.scroll(),
            onblur: () => { if (this.behind) this.follow(); },
        });
        this.echo = h('div', { class: 'echo', 'aria-hidden': 'true' });
        this.bits = h('input', {
            id: 'expression-bits', type: 'number', class: 'number', min: '1', max: '24', step: '1', placeholder: 'auto',
            oninput: () => this.type(),
        });
        this.rate = h('input', {
            id: 'expression-rate', type: 'number', class: 'number', min: '1', max: String(MAX_RATE), step: 'any',
            value: String(DEFAULT_RATE), oninput: () => this.type(),
        });
        this.rate.setAttribute('list', 'expression-rates');
        this.controls = h('input', {
            id: 'expression-controls', spellcheck: false, autocomplete: 'off', 'autocapitalize': 'off',
            placeholder: 'cutoff:4=0.5', 'aria-describedby': 'expression-controls-about', oninput: () => this.type(),
        });
        const bits = (/** @type {string} */ id) => h('input', {
            id, type: 'number', class: 'number', min: '1', max: '16', step: '1', placeholder: String(DEFAULT_BITS), oninput: () => this.type(),
        });
        this.audioBits = bits('expression-audio-bits');
        this.sampleBits = bits('expression-sample-bits');
        this.progress = h('progress', { 'aria-label': 'Compiling', hidden: true });
        this.message = h('p', { id: 'expression-message', role: 'status', class: 'soft' });
        const classics = h('select', {
            id: 'classics', 'aria-label': 'Classics',
            onchange: () => {
                const classic = CLASSICS[classics.selectedIndex - 1];
                classics.selectedIndex = 0;
                if (classic) this.write(classic[1], classic[2]);
            },
        }, h('option', {}, 'Classics'), ...CLASSICS.map(([name]) => h('option', {}, name)));
        this.changed = debounce(QUIET_MILLISECONDS, () => void this.compile());
        element.append(
            h('div', { class: 'typed' }, this.echo, this.text),
            h('div', { class: 'line' },
                h('label', { for: 'expression-bits', title: 'The sound repeats after 2 to the power of this many samples; empty for the expression\'s own period' }, 'Bits of t'),
                this.bits,
                h('label', { for: 'expression-rate', title: 'Samples a second' }, 'Rate (Hz)'), this.rate,
                h('datalist', { id: 'expression-rates' }, ...RATES.map((rate) => h('option', { value: String(rate) }))),
                classics),
            h('details', { id: 'expression-more' }, h('summary', {}, 'Sound and controls'),
                h('div', { class: 'line' }, h('label', { for: 'expression-controls' }, 'Controls'), this.controls),
                h('p', { id: 'expression-controls-about', class: 'soft' },
                    'Name, bits and default of each, such as cutoff:4=0.5. Sound is in and in2; two channels are [left, right].'),
                h('div', { class: 'line' },
                    h('label', { for: 'expression-audio-bits' }, 'Bits of in'), this.audioBits,
                    h('label', { for: 'expression-sample-bits' }, 'Bits of a sample'), this.sampleBits)),
            this.progress, this.message,
        );
        store.addEventListener('network', () => this.follow());
        store.addEventListener('connection', () => {
            if (this.unsent && store.connection.state === 'open') void this.compile();
        });
    }

    /** Shows the expression of what plays, or none, unless the player is typing another one. */
    follow() {
        this.behind = document.activeElement === this.text;
        if (this.busy || this.unsent || this.behind) return;
        const { source, bits, rate, signals, sampleBits } = this.store.playing;
        const expression = isExpression(source, signals) ? source : '';
        if (expression === this.text.value) return;
        this.text.value = expression;
        if (expression) {
            this.bits.value = '';
            this.bits.placeholder = `auto (${bits})`;
            this.rate.valueAsNumber = rate;
            this.controls.value = signals.filter(({ from }) => from === 'control')
                .map((control) => `${control.name}:${control.bits}=${control.standard}`).join(' ');
            this.audioBits.value = other(signals.find(({ from }) => from === 'audio')?.bits);
            this.sampleBits.value = other(sampleBits);
        }
        this.mark();
        this.show('');
    }

    /** Ends the compilation of the text before, and starts another one after a pause. */
    type() {
        this.last += 1;
        this.busy = false;
        this.behind = false;
        this.wait(false);
        this.changed();
    }

    /** Shows that a compilation goes on, if it takes long. @param {boolean} on */
    wait(on) {
        clearInterval(this.timer);
        this.progress.hidden = true;
        if (!on) return;
        const since = performance.now();
        this.timer = setInterval(() => {
            this.progress.hidden = false;
            const seconds = Math.floor((performance.now() - since) / 1000);
            this.show(`Compiling${seconds > 0 ? `, ${seconds} s` : ''}. Type on to stop it.`);
        }, PATIENCE_MILLISECONDS);
    }

    /** @param {string} expression @param {number} bits */
    write(expression, bits) {
        this.text.value = expression;
        this.bits.valueAsNumber = bits;
        this.rate.valueAsNumber = DEFAULT_RATE;
        for (const field of [this.controls, this.audioBits, this.sampleBits]) field.value = '';
        void this.compile();
    }

    async compile() {
        const expression = this.text.value;
        // Without a number, the instrument takes the bits of the expression's period.
        const bits = numberIn(this.bits);
        const [audio, sample] = [numberIn(this.audioBits), numberIn(this.sampleBits)];
        const controls = this.controls.value.split(/[\s,]+/).filter(Boolean);
        const rate = this.rate.valueAsNumber;
        const number = (this.last += 1);
        this.unsent = false;
        this.busy = false;
        if (!expression.trim()) {
            this.mark();
            this.show('');
            return;
        }
        const fields = /** @type {const} */ ([[this.bits, 't'], [this.audioBits, 'in'], [this.sampleBits, 'a sample']]);
        for (const [{ validity, min, max }, of] of fields) {
            if (validity.valid) continue;
            this.show(`Bits of ${of} must be from ${min} to ${max}, or empty.`, true);
            return;
        }
        if (!(Number.isInteger(rate) && rate >= 1 && rate <= MAX_RATE)) {
            this.show(`The sample rate must be from 1 to ${groupDigits(MAX_RATE)} Hz.`, true);
            return;
        }
        this.busy = true;
        this.wait(true);
        try {
            const reply = await this.store.request({
                type: 'compile', expression, rate, controls,
                ...bits !== undefined && { bits }, ...audio !== undefined && { audio_bits: audio }, ...sample !== undefined && { sample_bits: sample },
            }).catch((problem) => {
                if (problem instanceof Disconnected) return null;
                throw problem;
            });
            // The player has typed on, and a newer request follows.
            if (number !== this.last) return;
            this.wait(false);
            if (reply?.type !== 'compiled') {
                this.unsent = true;
                this.busy = false;
                this.mark();
                this.show('It plays when the instrument is back.');
                return;
            }
            this.mark();
            if (bits === undefined) this.bits.placeholder = `auto (${reply.bits})`;
            const notes = reply.notes.map(({ text, at }) => sentence(at === undefined ? text : `column ${at + 1}: ${text}`));
            this.show([`${formatSize(describe(reply.network))}.`, ...notes].join(' '));
            await this.store.request({ type: 'load', network: reply.network });
        } catch (problem) {
            if (number !== this.last) return;
            this.wait(false);
            const at = problem instanceof Refusal ? problem.at : undefined;
            if (problem instanceof Refusal) this.mark(at);
            const own = at === undefined ? '' : [...expression].slice(at).join('');
            const place = at === undefined ? '' : quotedAt(expression, at);
            this.show(sentence(/** @type {Error} */ (problem).message + place, own), true);
        }
        if (number === this.last) this.busy = false;
    }

    /** @param {number} [at] the place of an error, in characters from the start */
    mark(at) {
        this.text.setAttribute('aria-invalid', String(at !== undefined));
        if (at === undefined) {
            fill(this.echo);
            return;
        }
        const { before, wrong, after } = splitAtError(this.text.value, at);
        fill(this.echo, before, h('mark', {}, wrong), after);
        this.scroll();
    }

    scroll() {
        this.echo.scrollTop = this.text.scrollTop;
    }

    /** @param {string} text @param {boolean} [bad] true for errors */
    show(text, bad = false) {
        this.message.textContent = text;
        this.message.classList.toggle('bad', bad);
        if (bad && this.text.getAttribute('aria-invalid') !== 'true') this.text.setAttribute('aria-invalid', 'true');
    }
}

/** Returns the number in a field, or undefined without one. @param {HTMLInputElement} field */
function numberIn({ value, valueAsNumber }) {
    return value === '' ? undefined : valueAsNumber;
}

/** Returns bits as a field shows them: nothing if they are the usual ones. @param {number | undefined} bits */
function other(bits = DEFAULT_BITS) {
    return bits === DEFAULT_BITS ? '' : String(bits);
}

/**
 * Returns true if a network's source is an expression of its signals.
 * @param {string} source
 * @param {Signal[]} signals
 */
export function isExpression(source, signals) {
    const names = new Set(['t', 'in', 'in2', ...signals.map(({ name }) => name)]);
    let reads = false;
    const rest = source.replace(/'.'|\b0x[\da-f]+\b/giu, '0').replace(/[a-z]\w*/gi, (word) => {
        reads ||= names.has(word);
        return names.has(word) ? '' : word;
    });
    return reads && SIGNS.test(rest);
}
