// Presets: saves, recalls and deletes them.

import { h, on, refill } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

export class Presets {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        const name = h('input', { id: 'preset-name', type: 'text', maxLength: 60, placeholder: 'Name (optional)', autocomplete: 'off' });
        const form = h('form', {
            class: 'line',
            onsubmit: async (/** @type {Event} */ event) => {
                event.preventDefault();
                const typed = name.value.trim();
                if (await store.attempt({ type: 'save-preset', ...typed && { name: typed } })) name.value = '';
            },
        }, h('label', { for: 'preset-name', class: 'sr' }, 'Name of a new preset'), name,
        h('button', { id: 'save-preset', type: 'submit', class: 'pill', 'aria-label': 'Save preset' }, 'Save'));
        const list = h('ul', { id: 'preset-list', class: 'list', 'aria-label': 'Presets' });
        element.append(form, list);
        on(store, ['presets'], () => {
            const presets = store.state.presets ?? [];
            refill(list, ...presets.map((preset) => h('li', {},
                h('button', {
                    type: 'button', class: 'item', onclick: () => void store.attempt({ type: 'recall-preset', name: preset }),
                }, preset),
                h('button', {
                    type: 'button', class: 'quiet', 'aria-label': `Delete ${preset}`,
                    onclick: () => void store.attempt({ type: 'delete-preset', name: preset }),
                }, 'Delete'),
            )), presets.length === 0 && h('li', { class: 'soft' }, 'No presets yet.'));
        });
    }
}
