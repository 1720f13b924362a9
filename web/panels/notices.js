// What is told to the player, for a while: the instrument's notices, and problems.

import { h } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */

const SECONDS = 8;

export class Notices {
    /** @param {HTMLElement} element a live region @param {Store} store */
    constructor(element, store) {
        this.element = element;
        /** @type {HTMLElement | null} The instrument's own, which it ends itself. */
        this.own = null;
        store.addEventListener('notice', () => {
            this.own?.remove();
            this.own = null;
            if (store.state.notice) this.own = this.show(store.state.notice, {}, Infinity);
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
     * Offers something, until it is taken or not wanted.
     * @param {string} text a sentence
     * @param {string} word what it is taken by
     * @param {() => void} take
     */
    offer(text, word, take) {
        const notice = this.show(text, {}, Infinity);
        const end = (/** @type {() => void} */ call) => () => {
            notice.remove();
            call();
        };
        notice.lastElementChild?.replaceWith(
            h('button', { type: 'button', class: 'main', onclick: end(take) }, word),
            h('button', { type: 'button', onclick: end(() => {}) }, 'No'));
    }
}
