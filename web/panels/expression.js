// An expression of t, compiled to gates and heard as it is typed.

import { fill, h } from '../ui/dom.js';
import { Disconnected, Refusal } from '../link/connection.js';
import { describe } from '../ui/network-file.js';
import { debounce } from '../ui/latest.js';
import { groupDigits, splitAtError } from '../ui/format.js';

/** @import { Store } from '../store/store.js' */

/** As long as a fast typist's finger is in the air. */
const QUIET_MILLISECONDS = 180;

/** Known wherever bytebeat is played: name and author, expression, bits of t. */
const CLASSICS = /** @type {const} */ ([
    ['The 42 melody, by several people at once', 't*(42&t>>10)', 14],
    ['Minimal Sierpinski', 't&t>>8', 16],
    ['First light, by viznut', 't*((t>>12|t>>8)&63&t>>4)', 18],
    ['Stairs, by tejeez', '(t*(t>>5|t>>8))>>(t>>16)', 18],
    ['Sierpinski harmony, by miiro', 't*5&(t>>7)|t*3&(t*4>>10)', 16],
    ['Running man, by viznut', '(t*((3+(1^t>>10&5))*(5+(3&t>>14))))>>(t>>8&3)', 16],
    ['Lost in space, by xpansive', '((t*(t>>8|t>>9)&46&t>>8))^(t&t>>13|t>>6)', 18],
]);
/** What a network's source is written in, if it is an expression. */
const LETTERS = /^(?=.*t)[\dxt\s()+\-*/%<>&|^!~=?:a-f]+$/i;

export class Expression {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.store = store;
        this.asked = 0;
        /** What is typed was not compiled, since the instrument was not there. */
        this.unsent = false;
        /** What is typed is on its way. */
        this.busy = false;
        this.text = h('textarea', {
            id: 'expression-text', rows: 2, spellcheck: false, autocomplete: 'off', 'autocapitalize': 'off',
            placeholder: 't*(42&t>>10)', 'aria-label': 'Expression of t', 'aria-describedby': 'expression-said',
            oninput: () => this.changed(), onscroll: () => this.scroll(),
        });
        this.echo = h('div', { class: 'echo', 'aria-hidden': 'true' });
        this.bits = h('input', {
            id: 'expression-bits', type: 'number', class: 'number', min: '1', max: '24', step: '1', value: '16',
            oninput: () => this.changed(),
        });
        this.said = h('p', { id: 'expression-said', role: 'status', class: 'soft' });
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
                h('label', { for: 'expression-bits', title: 'Bits of t that it is compiled for: it repeats after 2 to so many samples' }, 'Bits of t'),
                this.bits, classics),
            this.said,
        );
        store.addEventListener('network', () => {
            // What is played shows its own, unless something is being typed.
            const { source, inputs } = describe(store.state.network?.file);
            if (this.busy || this.unsent || document.activeElement === this.text || !LETTERS.test(source) || source === this.text.value) return;
            this.text.value = source;
            this.bits.valueAsNumber = Math.min(24, inputs);
            this.mark();
            this.tell('');
        });
        store.addEventListener('connection', () => {
            if (this.unsent && store.connection.state === 'open') void this.compile();
        });
    }

    /** @param {string} expression @param {number} bits */
    write(expression, bits) {
        this.text.value = expression;
        this.bits.valueAsNumber = bits;
        void this.compile();
    }

    async compile() {
        const expression = this.text.value;
        const bits = this.bits.valueAsNumber;
        const number = (this.asked += 1);
        this.unsent = false;
        this.busy = false;
        if (!expression.trim()) {
            this.mark();
            this.tell('');
            return;
        }
        if (!Number.isInteger(bits) || bits < 1 || bits > 24) {
            this.tell('Bits of t: 1 to 24.', true);
            return;
        }
        this.busy = true;
        try {
            const told = await this.compiled(expression, bits);
            // Typed on meanwhile: the next one is on its way.
            if (number !== this.asked) return;
            if (told?.type !== 'compiled') {
                this.unsent = true;
                this.busy = false;
                this.mark();
                this.tell('It is heard when the instrument is there again.');
                return;
            }
            this.mark();
            this.tell(`${groupDigits(told.gates)} gates.`);
            await this.store.request({ type: 'load', network: told.network });
        } catch (problem) {
            if (number !== this.asked) return;
            if (problem instanceof Refusal) this.mark(problem.at);
            this.tell(sentence(/** @type {Error} */ (problem).message), true);
        }
        if (number === this.asked) this.busy = false;
    }

    /**
     * @param {string} expression
     * @param {number} bits
     * @returns {Promise<import('../link/connection.js').ServerMessage | null>} null, if nobody is there
     */
    async compiled(expression, bits) {
        try {
            return await this.store.request({ type: 'compile', expression, bits });
        } catch (problem) {
            if (problem instanceof Disconnected) return null;
            throw problem;
        }
    }

    /** @param {number} [at] where it is wrong */
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

    /** @param {string} words @param {boolean} [bad] */
    tell(words, bad = false) {
        this.said.textContent = words;
        this.said.classList.toggle('bad', bad);
        if (bad && this.text.getAttribute('aria-invalid') !== 'true') this.text.setAttribute('aria-invalid', 'true');
    }
}

/** @param {string} words */
function sentence(words) {
    const text = words.charAt(0).toUpperCase() + words.slice(1);
    return /[.!?]$/.test(text) ? text : `${text}.`;
}
