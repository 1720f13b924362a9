// The controls of the network, and the MIDI controllers that move them or the parameters.

import { h, on, refill } from '../ui/dom.js';
import { latest } from '../ui/latest.js';
import { inWords } from '../ui/words.js';

/** @import { Store } from '../store/store.js' */
/** @import { Control } from '../types/Control' */

/**
 * Returns the name by which commands know a control.
 * @param {Store} store
 * @param {string} name
 */
const destination = (store, name) => (store.parameter(name) ? `control:${name}` : name);

export class Controls {
    /** @param {HTMLElement} element of the sliders @param {HTMLElement} learned of the controllers @param {Store} store */
    constructor(element, learned, store) {
        this.store = store;
        const list = h('div', { class: 'controls' });
        element.append(list);
        /** @type {ReturnType<Controls['slider']>[]} */
        let sliders = [];
        let names = '';
        on(store, ['controls', 'welcome'], () => {
            const controls = store.state.controls ?? [];
            element.hidden = controls.length === 0;
            // A slider that is being moved must stay.
            const table = JSON.stringify(controls.map(({ name, steps }) => [name, steps]));
            if (table !== names) {
                names = table;
                sliders = controls.map((control) => this.slider(control));
                list.replaceChildren(...sliders.map((each) => each.element));
            }
            sliders.forEach(({ draw }, i) => draw(controls[i]));
        });
        this.controllers(learned);
    }

    /** @param {Control} control */
    slider({ name, steps }) {
        const { store } = this;
        const id = `control-${name}`;
        const most = steps - 1;
        const set = latest((/** @type {number} */ value) => store.attempt({ type: 'control', name, value }));
        const range = h('input', {
            id, type: 'range', min: '0', max: String(most), step: '1',
            // The middle of a step, which no rounding moves to another one.
            oninput: () => set((range.valueAsNumber + 0.5) / steps),
        });
        const shown = h('output', { for: id, class: 'number' });
        return {
            element: h('div', { class: 'control' }, h('label', { for: id }, name), range, shown),
            draw: (/** @type {Control} */ { position }) => {
                const step = Math.min(most, Math.floor(position * steps));
                if (!set.busy()) range.valueAsNumber = step;
                shown.value = `${step} / ${most}`;
            },
        };
    }

    /** Fills an element with the controllers. @param {HTMLElement} element */
    controllers(element) {
        const { store } = this;
        const word = (/** @type {string} */ name) => {
            const row = store.parameter(name);
            return row ? inWords(row).name : name.replace(/^control:/, '');
        };
        const list = h('ul', { class: 'list', 'aria-label': 'MIDI controllers' });
        const select = h('select', { id: 'learn-what', 'aria-label': 'What a MIDI controller moves' });
        const learn = h('button', {
            type: 'button', id: 'learn', onclick: () => {
                void store.attempt({ type: 'learn-midi', name: store.state.midi?.learning ?? select.value });
            },
        });
        const message = h('p', { class: 'soft', role: 'status' });
        element.append(h('details', { id: 'controllers' }, h('summary', {}, 'MIDI controllers'),
            h('div', { class: 'line' }, select, learn), message, list));
        let offered = '';
        on(store, ['welcome', 'controls', 'midi'], () => {
            const { midi, controls = [] } = store.state;
            element.hidden = !midi;
            const names = [
                ...controls.map(({ name }) => destination(store, name)),
                ...(store.welcome?.parameters ?? []).map(({ key }) => key),
            ];
            if (names.join() !== offered) {
                offered = names.join();
                const { value } = select;
                select.replaceChildren(...names.map((name) => h('option', { value: name }, word(name))));
                if (names.includes(value)) select.value = value;
            }
            const learning = midi?.learning;
            learn.textContent = learning ? 'Cancel' : 'Learn';
            learn.setAttribute('aria-pressed', String(Boolean(learning)));
            select.disabled = Boolean(learning);
            message.textContent = learning ? `Move a controller for ${word(learning)}.` : '';
            list.hidden = !midi || midi.controllers.length === 0;
            refill(list, ...(midi?.controllers ?? []).map(([number, to]) => h('li', {},
                h('span', { class: 'item' }, `${number}: ${word(to)}`),
                h('button', {
                    type: 'button', class: 'quiet', 'aria-label': `Forget controller ${number}`,
                    onclick: () => void store.attempt({ type: 'forget-midi', name: to }),
                }, '×'))));
        });
    }
}
