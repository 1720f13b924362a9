// Short-lived messages to the player: the instrument's notices, and problems.

import { h } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

const SECONDS = 8;

export class Notices {
    /** @param {HTMLElement} element a live region @param {Store} store */
    constructor(element, store) {
        this.element = element;
        /** The instrument's notice, shown until the instrument ends it. @type {HTMLElement | null} */
        this.current = null;
        store.addEventListener('notice', () => {
            this.current?.remove();
            this.current = null;
            if (store.state.notice) this.current = this.show(store.state.notice, {}, Infinity);
        });
        store.addEventListener('problem', (event) => {
            this.show(/** @type {CustomEvent} */ (event).detail, { class: 'notice bad' });
        });
    }

    /**
     * @param {string} text a sentence
     * @param {Record<string, unknown>} [props]
     * @param {number} [seconds]
     */
    show(text, props = {}, seconds = SECONDS) {
        const same = [...this.element.children].find((child) => child.firstChild?.textContent === text);
        same?.remove();
        const notice = h('p', { class: 'notice', ...props }, h('span', {}, text));
        notice.append(h('button', {
            'aria-label': 'Dismiss', class: 'quiet', type: 'button', onclick: () => notice.remove(),
        }, '×'));
        this.element.append(notice);
        if (this.element.children.length > 4) this.element.firstElementChild?.remove();
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
        const notice = this.show(text, {}, Infinity);
        const end = (/** @type {() => void} */ call) => () => {
            notice.remove();
            call();
        };
        notice.lastElementChild?.replaceWith(
            h('button', { type: 'button', class: 'main', onclick: end(accept) }, label),
            h('button', { type: 'button', onclick: end(() => {}) }, 'No'));
    }
}
