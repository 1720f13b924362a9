// Messages to the player: the instrument's notices, problems and questions. They appear in a
// place without controls, the newest on top.

import { h } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

const SECONDS = 8;
/** Most messages that wait below the newest. */
const MAX_NOTICES = 4;

export class Notices {
    /** @param {HTMLElement} element a live region @param {Store} store */
    constructor(element, store) {
        this.element = element;
        /** The instrument's notice, shown until the instrument ends it. @type {HTMLElement | null} */
        this.current = null;
        store.addEventListener('notice', () => {
            this.current?.remove();
            this.current = null;
            if (store.state.notice) this.current = this.show(store.state.notice, { seconds: Infinity });
        });
        store.addEventListener('problem', (event) => {
            this.show(/** @type {CustomEvent} */ (event).detail, { style: 'bad' });
        });
    }

    /**
     * @param {string} text a sentence
     * @param {{ style?: string, seconds?: number }} [options]
     */
    show(text, { style = '', seconds = SECONDS } = {}) {
        const same = [...this.element.children].find((child) => child.firstChild?.textContent === text);
        same?.remove();
        const notice = h('p', { class: `notice ${style}` }, h('span', {}, text));
        notice.append(h('button', {
            'aria-label': 'Dismiss', class: 'quiet', type: 'button', onclick: () => notice.remove(),
        }, '×'));
        this.element.append(notice);
        if (this.element.children.length > MAX_NOTICES) this.element.firstElementChild?.remove();
        if (seconds < Infinity) setTimeout(() => notice.remove(), seconds * 1000);
        return notice;
    }

    /**
     * Offers an action until the player accepts or declines.
     * @param {string} text a sentence
     * @param {string} label of the button that accepts
     * @param {() => void} accept
     */
    offer(text, label, accept) {
        const notice = this.show(text, { style: 'offer', seconds: Infinity });
        const end = (/** @type {() => void} */ call) => () => {
            notice.remove();
            call();
        };
        notice.lastElementChild?.replaceWith(
            h('button', { type: 'button', class: 'main', onclick: end(accept) }, label),
            h('button', { type: 'button', onclick: end(() => {}) }, 'No'));
    }

    /**
     * Opens a dialog with a text field.
     * @param {string} title
     * @param {HTMLTextAreaElement} field
     * @returns {() => void} closes the dialog
     */
    ask(title, field) {
        const dialog = h('dialog', { 'aria-label': title, onclose: () => dialog.remove() },
            h('form', { method: 'dialog' }, h('h2', {}, title), h('button', { class: 'quiet', 'aria-label': 'Close' }, '×')),
            field);
        document.body.append(dialog);
        dialog.showModal();
        field.focus();
        return () => dialog.close();
    }
}
