// Faults of the instrument, shown while they last.

import { fill, h, on } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

export class Faults {
    /** @param {HTMLElement} element with the role alert @param {Store} store */
    constructor(element, store) {
        let shown = '';
        on(store, ['status', 'connection'], () => {
            const faults = (store.connection.state === 'open' && store.status?.faults) || [];
            // Screen readers read an alert again whenever it changes.
            if (faults.join('\n') === shown) return;
            shown = faults.join('\n');
            fill(element, ...faults.map((fault) => h('p', {}, fault)));
        });
    }
}
