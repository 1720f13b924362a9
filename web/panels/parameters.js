// The parameters that have no control elsewhere in the page.

import { h } from '../ui/dom.js';
import { controls } from './control.js';
import { PARAMETERS as OF_INPUT } from './input.js';

/** @import { Store } from '../store/store.js' */
/** @import { Parameter } from '../types/Parameter' */

/** Parameters with a control in another panel. */
const ELSEWHERE = ['volume', 'speed', 'bend', 'hold', 'swap', ...OF_INPUT];
/** Parameters of analog inputs are many and seldom needed, so they are folded away. */
const isInput = (/** @type {Parameter} */ row) => /^analog\d+$/.test(row.key);

export class Parameters {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        const most = h('div', { class: 'controls' });
        const inputs = h('div', { class: 'controls' });
        const more = h('details', { id: 'inputs' }, h('summary', {}, 'Analog inputs'), inputs);
        element.append(most, more);
        controls(store, most, 'set', (row) => !isInput(row) && !ELSEWHERE.includes(row.key));
        controls(store, inputs, 'set', isInput);
        const update = () => { more.hidden = !store.welcome?.parameters.some(isInput); };
        store.addEventListener('welcome', update);
        update();
    }
}
