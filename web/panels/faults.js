// What does not work now, for as long as it does not.

import { fill, h, on } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

export class Faults {
    /** @param {HTMLElement} element an alert @param {Store} store */
    constructor(element, store) {
        let shown = '';
        on(store, ['status', 'connection'], () => {
            const there = store.connection.state === 'open';
            const faults = (there && store.status?.faults) || [];
            // An alert is read out whenever it changes.
            if (faults.join('\n') === shown) return;
            shown = faults.join('\n');
            fill(element, ...faults.map((fault) => h('p', {}, fault)));
        });
    }
}
