// What things are, how the pad is played, and the keys.

import { h } from '../ui/dom.js';
import { KEYS } from '../graph/keys.js';

/** @import { Keys } from './keys.js' */

export class Help {
    /** @param {HTMLElement} element a dialog @param {Keys} keys */
    constructor(element, keys) {
        this.element = /** @type {HTMLDialogElement} */ (element);
        const single = h('input', {
            type: 'checkbox', id: 'single-keys', checked: keys.on, onchange: () => keys.turn(single.checked),
        });
        const list = h('dl', { class: 'keys' });
        const ofGraph = KEYS.flatMap(({ keys: written, what }) =>
            [h('dt', {}, ...written.map((key) => h('kbd', {}, key))), h('dd', {}, what)]);
        const button = h('button', {
            id: 'help-button', type: 'button', class: 'round', 'aria-label': 'Help', title: 'Help (?)', onclick: () => this.toggle(),
        }, '?');
        document.getElementById('connection')?.append(button);
        this.fill = () => list.replaceChildren(...keys.all.flatMap(({ key, what }) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)]));
        element.append(
            h('form', { method: 'dialog' },
                h('h2', { id: 'help-title' }, 'Help'),
                h('button', { class: 'quiet', 'aria-label': 'Close' }, '×')),
            h('p', {}, 'A bend holds a gate of the network at 0 or at 1, or turns what it gives around; nothing can break, and undo straightens it.'),
            h('p', {}, 'A layer is a set of bends with a strength: at half of it, half of its bends count.'),
            h('p', {}, 'A brush paints bends over the gates of the graph, into the layer that is chosen.'),
            h('h2', {}, 'The pad'),
            h('p', {}, 'Touch the field: the nearest gate is bent, a larger finger bends those around it, two fingers bend all between them. Slide, and the bend goes with you.'),
            h('p', {}, 'With a mouse, Shift and a press leaves a finger where it is. With keys, arrows move a finger and Space puts it down. The buttons below the field are tapped, or held for half a second: hold ', h('b', {}, 'next'), ' to redo, ', h('b', {}, 'mode'), ' to latch, ', h('b', {}, 'clear'), ' to undo, ', h('b', {}, 'time'), ' for the menu.'),
            h('p', {}, 'Networks can be dropped onto the page, pasted and copied as text.'),
            h('h2', {}, 'Keys'),
            list,
            h('label', { class: 'line' }, single, 'Single keys work'),
            h('h2', {}, 'Keys of the gates, when they have the focus'),
            h('dl', { class: 'keys wide' }, ...ofGraph),
        );
        element.addEventListener('click', (event) => {
            if (event.target === element) this.element.close();
        });
    }

    toggle() {
        if (this.element.open) {
            this.element.close();
        } else {
            this.fill();
            this.element.showModal();
        }
    }
}
