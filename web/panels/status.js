// Load, engine and other figures of the running instrument.

import { fill, h, on } from '../ui/dom.js';
import { groupDigits } from '../ui/format.js';

/** @import { Store } from '../store/store.js' */

export class Status {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        let shown = 0;
        on(store, ['status', 'welcome'], () => {
            const { status, welcome } = store;
            // Twice a second is enough to read.
            if (status && performance.now() - shown < 500) return;
            shown = performance.now();
            if (!status || !welcome) {
                fill(element);
                return;
            }
            const { load, estimated, late, engine, clients } = status;
            const item = (/** @type {string} */ name, /** @type {string} */ value, id = name) =>
                h('span', { id: `status-${id}` }, `${name} `, h('b', { class: 'number' }, value));
            fill(element,
                item(estimated ? 'load (estimated)' : 'load', `${(load / 10).toFixed(1)}%`, 'load'),
                item('late', groupDigits(late)),
                item('engine', engine),
                item('pages', groupDigits(clients)),
                item('rate', `${groupDigits(welcome.rate)} Hz`),
                item('program', welcome.program));
        });
    }
}
