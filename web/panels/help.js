// The keys, and how the pad is played.

import { h } from '../dom.js';

/** @import { Keys } from './keys.js' */

export class Help {
    /** @param {HTMLElement} element a dialog @param {Keys} keys */
    constructor(element, keys) {
        this.element = /** @type {HTMLDialogElement} */ (element);
        const single = h('input', {
            type: 'checkbox', id: 'single-keys', checked: keys.on, onchange: () => keys.turn(single.checked),
        });
        const list = h('dl', { class: 'keys' });
        const button = h('button', {
            id: 'help-button', type: 'button', class: 'round', 'aria-label': 'Help', title: 'Help (?)', onclick: () => this.toggle(),
        }, '?');
        document.getElementById('connection')?.after(button);
        this.fill = () => list.replaceChildren(...keys.all.flatMap(({ key, what }) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)]));
        element.append(
            h('form', { method: 'dialog' },
                h('h2', { id: 'help-title' }, 'Keys'),
                h('button', { class: 'quiet', 'aria-label': 'Close' }, '×')),
            list,
            h('label', { class: 'line' }, single, 'Single keys work'),
            h('h2', {}, 'The pad'),
            h('p', {}, 'Touch the field: the nearest gate is bent, a larger finger bends those around it, two fingers bend all between them. Slide, and the bend goes with you.'),
            h('p', {}, 'With a mouse, Shift and a press leaves a finger where it is. With keys, arrows move a finger and Space puts it down. The buttons below the field are tapped, or held for half a second: hold ', h('b', {}, 'next'), ' to redo, ', h('b', {}, 'mode'), ' to latch, ', h('b', {}, 'clear'), ' to undo, ', h('b', {}, 'time'), ' for the menu.'),
            h('p', {}, 'Networks can be dropped onto the page, pasted and copied as text.'),
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
