// Layers of bends, the kind of bend that a touch makes, undo and redo.

import { fill, h, on } from '../ui/dom.js';
import { latest } from '../ui/latest.js';
import { controls } from './control.js';

/** @import { Store } from '../store/store.js' */
/** @import { Layer } from '../types/Layer' */

export class Bends {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.store = store;
        const undo = h('button', { id: 'undo', type: 'button', class: 'pill', title: 'Undo (Ctrl Z)', onclick: () => this.undo() }, 'Undo');
        const redo = h('button', { id: 'redo', type: 'button', class: 'pill', title: 'Redo (Ctrl Shift Z)', onclick: () => this.redo() }, 'Redo');
        const clear = h('button', { id: 'clear', type: 'button', class: 'pill', title: 'Remove all bends (X)', onclick: () => this.clear() }, 'Clear all');
        const add = h('button', {
            id: 'add-layer', type: 'button', class: 'pill', onclick: () => void store.attempt({ type: 'add-layer' }),
        }, 'Add layer');
        const touch = h('div', { class: 'controls', id: 'touch' });
        this.list = h('ol', { id: 'layers', 'aria-label': 'Layers, highest first' });
        /** @type {ReturnType<typeof row>[]} */
        this.rows = [];
        element.append(touch, h('div', { class: 'buttons' }, undo, redo, clear, add), this.list);
        controls(store, touch, 'touch', (parameter) => ['bend', 'hold'].includes(parameter.key));
        on(store, ['history'], () => {
            const [undos, redos] = store.state.history ?? [0, 0];
            // The buttons stay enabled: another page may change the history at any time.
            for (const [button, steps] of /** @type {const} */ ([[undo, undos], [redo, redos]])) {
                button.setAttribute('aria-disabled', String(steps === 0));
                button.dataset.count = steps ? String(steps) : '';
            }
        });
        on(store, ['layers'], () => this.draw());
    }

    undo() {
        void this.store.attempt({ type: 'undo' });
    }

    redo() {
        void this.store.attempt({ type: 'redo' });
    }

    clear() {
        void this.store.attempt({ type: 'clear' });
    }

    /**
     * Sets a parameter to its next choice.
     * @param {string} key
     */
    selectNext(key) {
        const choices = this.store.parameter(key)?.choices.length;
        if (!choices) return;
        void this.store.attempt({ type: 'set', key, value: (this.store.value(key) + 1) % choices });
    }

    draw() {
        const { layers = [], chosen = 0 } = this.store.state.layers ?? {};
        if (this.rows.length !== layers.length) {
            this.rows = layers.map((_, i) => row(this.store, i));
            fill(this.list, ...this.rows.map(({ element }) => element).reverse());
        }
        layers.forEach((layer, i) => this.rows[i].draw(layer, i === chosen, layers.length));
    }
}

/** @param {Store} store @param {number} layer */
function row(store, layer) {
    const set = latest((/** @type {number} */ strength) => store.attempt({ type: 'strength', layer, strength }));
    const choose = h('button', {
        type: 'button', class: 'choose', onclick: () => void store.attempt({ type: 'choose-layer', layer }),
    });
    const count = h('span', { class: 'number soft' });
    const range = h('input', {
        type: 'range', min: '0', max: '100', step: '1', class: 'strength', id: `strength-${layer}`,
        oninput: () => set(range.valueAsNumber),
    });
    const shown = h('output', { class: 'number', for: range.id });
    const clear = h('button', {
        type: 'button', class: 'quiet', onclick: () => void store.attempt({ type: 'clear', layer }),
    }, 'Clear');
    const remove = h('button', {
        type: 'button', class: 'quiet', onclick: () => void store.attempt({ type: 'remove-layer', layer }),
    }, 'Remove');
    return {
        element: h('li', {}, choose, count, range, shown, clear, remove),
        /** @param {Layer} now @param {boolean} chosen @param {number} layers */
        draw(now, chosen, layers) {
            const active = now.bends.filter(([, , counts]) => counts).length;
            choose.textContent = now.name || `Layer ${layer + 1}`;
            choose.setAttribute('aria-pressed', String(chosen));
            choose.title = chosen ? 'New bends go into this layer' : 'Put new bends into this layer';
            count.textContent = active === now.bends.length ? `${active}` : `${active}/${now.bends.length}`;
            count.title = `${active} of ${now.bends.length} bends are active`;
            if (!set.busy()) range.valueAsNumber = now.strength;
            range.setAttribute('aria-label', `Strength of ${choose.textContent}`);
            range.setAttribute('aria-valuetext', `${now.strength} percent, ${count.title}`);
            shown.value = `${now.strength}%`;
            clear.setAttribute('aria-label', `Clear ${choose.textContent}`);
            clear.disabled = now.bends.length === 0;
            remove.setAttribute('aria-label', `Remove ${choose.textContent}`);
            remove.disabled = layers === 1;
        },
    };
}
