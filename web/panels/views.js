// Switches between views on a small screen.

import { h } from '../ui/dom.js';

const VIEWS = /** @type {const} */ ([
    ['play', 'Play'], ['keys', 'Keys'], ['gates', 'Gates'], ['networks', 'Networks'], ['sound', 'Sound'],
]);

export class Views {
    /** @param {HTMLElement} element */
    constructor(element) {
        const buttons = VIEWS.map(([view, word]) => h('button', {
            type: 'button', id: `view-${view}`, onclick: () => show(view),
        }, word));
        /** @param {string} view */
        const show = (view) => {
            document.body.dataset.view = view;
            buttons.forEach((button, i) => button.setAttribute('aria-current', String(VIEWS[i][0] === view)));
        };
        element.append(...buttons);
        show('play');
    }
}
