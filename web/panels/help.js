// The help: terms, how to play the pad, and keys.

import { h } from '../ui/dom.js';
import { KEYS } from '../graph/keys.js';
import { KEYS as PIANO } from './keyboard.js';

/** @import { Keys } from './keys.js' */

export class Help {
    /** @param {HTMLElement} element a dialog @param {Keys} keys */
    constructor(element, keys) {
        this.element = /** @type {HTMLDialogElement} */ (element);
        const single = h('input', {
            type: 'checkbox', id: 'single-keys', checked: keys.single, onchange: () => keys.allowSingle(single.checked),
        });
        const list = h('dl', { class: 'keys' });
        const listed = (/** @type {{ keys: string[], what: string }[]} */ all) => h('dl', { class: 'keys wide' }, ...all.flatMap(
            ({ keys: written, what }) => [h('dt', {}, ...written.map((key) => h('kbd', {}, key))), h('dd', {}, what)]));
        const button = h('button', {
            id: 'help-button', type: 'button', class: 'round', 'aria-label': 'Help', title: 'Help (?)', onclick: () => this.toggle(),
        }, '?');
        document.getElementById('connection')?.append(button);
        this.fill = () => list.replaceChildren(...keys.all.flatMap(({ key, what }) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)]));
        element.append(
            h('form', { method: 'dialog' },
                h('h2', { id: 'help-title' }, 'Help'),
                h('button', { class: 'quiet', 'aria-label': 'Close' }, '×')),
            h('p', {}, 'A bend forces a gate of the network to 0 or 1, or flips it. You cannot break anything, and Undo removes the bend.'),
            h('p', {}, 'A layer is a set of bends with a strength: at 50%, half of its bends are active.'),
            h('p', {}, 'Paint over the gates of the graph to bend them, in the selected layer.'),
            h('p', {}, 'In this page, the instrument answers a touch sooner than through This computer, whose sound is sent to the page.'),
            h('h2', {}, 'The pad'),
            h('p', {}, 'Touch the field to bend the nearest gate. A larger finger bends the gates around it, two fingers bend all between them. Slide to move the bend.'),
            h('p', {}, 'Shift and a click leave a finger in place. Arrow keys move a finger, Space touches. Tap the buttons below the field, or hold them for half a second: hold ', h('b', {}, 'next'), ' to redo, ', h('b', {}, 'mode'), ' for Hold, which keeps bends until they are touched again, ', h('b', {}, 'clear'), ' to undo, ', h('b', {}, 'time'), ' for the menu.'),
            h('p', {}, 'You can drop network files onto the page, and copy and paste networks as text.'),
            h('h2', {}, 'Keys'),
            list,
            h('label', { class: 'line' }, single, 'Single-key shortcuts'),
            h('h2', {}, 'Keys of the graph, while it has the focus'),
            listed(KEYS),
            h('h2', {}, 'Keys of the keyboard, while it has the focus'),
            listed(PIANO),
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
