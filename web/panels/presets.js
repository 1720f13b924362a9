// Presets: saves, recalls and deletes them, and brings the deleted one back.

import { h, on, refill } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

export class Presets {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        const name = h('input', { id: 'preset-name', type: 'text', maxLength: 60, placeholder: 'Name (optional)', autocomplete: 'off' });
        const save = h('button', { id: 'save-preset', type: 'submit', class: 'pill' });
        const exists = () => store.state.presets?.includes(name.value.trim()) ?? false;
        const label = () => {
            save.textContent = exists() ? `Replace ${name.value.trim()}` : 'Save';
            save.ariaLabel = exists() ? null : 'Save preset';
        };
        name.addEventListener('input', label);
        /** Name of the preset that was deleted last, until it is back. */
        let deleted = '';
        const remove = async (/** @type {string} */ preset) => {
            deleted = preset;
            const done = await store.attempt({ type: 'delete-preset', name: preset });
            deleted = done ? preset : '';
            draw();
        };
        const bringBack = async () => {
            if (await store.attempt({ type: 'restore-preset', name: deleted })) deleted = '';
            draw();
        };
        const form = h('form', {
            class: 'line',
            onsubmit: async (/** @type {Event} */ event) => {
                event.preventDefault();
                const typed = name.value.trim();
                /** @type {import('../link/connection.js').ClientMessage} */
                const message = exists() ? { type: 'replace-preset', name: typed } : { type: 'save-preset', ...typed && { name: typed } };
                if (await store.attempt(message)) name.value = '';
                label();
            },
        }, h('label', { for: 'preset-name', class: 'sr' }, 'Name of a new preset'), name,
        save);
        const list = h('ul', { id: 'preset-list', class: 'list', 'aria-label': 'Presets' });
        element.append(form, list);
        const draw = () => {
            label();
            const presets = store.state.presets ?? [];
            if (presets.includes(deleted)) deleted = '';
            refill(list, ...presets.map((preset) => h('li', {},
                h('button', {
                    type: 'button', class: 'item', onclick: () => void store.attempt({ type: 'recall-preset', name: preset }),
                }, preset),
                h('button', {
                    type: 'button', class: 'quiet', 'aria-label': `Delete ${preset}`,
                    onclick: () => void remove(preset),
                }, 'Delete'),
            )), deleted !== '' && h('li', {}, h('span', { class: 'item soft' }, `${deleted} is deleted`),
                h('button', { type: 'button', class: 'quiet', onclick: () => void bringBack() }, 'Undo')),
            presets.length === 0 && h('li', { class: 'soft' }, 'No presets yet.'));
        };
        on(store, ['presets'], draw);
    }
}
