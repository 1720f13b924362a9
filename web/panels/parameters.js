// All parameters, as the instrument's table has them.

import { h } from '../ui/dom.js';
import { controls } from './control.js';

/** @import { Store } from '../store/store.js' */
/** @import { Parameter } from '../types/Parameter' */

/** Those of one kind for each input, which few need at once. */
const isInput = (/** @type {Parameter} */ row) => /^analog\d+$/.test(row.key);

export class Parameters {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        const most = h('div', { class: 'controls' });
        const inputs = h('div', { class: 'controls' });
        const more = h('details', { id: 'inputs' }, h('summary', {}, 'Analog inputs'), inputs);
        element.append(most, more);
        controls(store, most, 'set', (row) => !isInput(row));
        controls(store, inputs, 'set', isInput);
        const look = () => { more.hidden = !store.welcome?.parameters.some(isInput); };
        store.addEventListener('welcome', look);
        look();
    }
}
