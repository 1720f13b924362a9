// The first steps: Play, then the pad or the gates. A hint disappears when its step is done.

import { h, on } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */
/** @import { Sound } from '../audio/sound.js' */

export class Lead {
    /** @param {HTMLElement} element of the sentence @param {Store} store @param {Sound} sound */
    constructor(element, store, sound) {
        let bent = false;
        const draw = () => {
            element.textContent = sound.leads ? 'Press Play, then press the pad or paint the gates.'
                : bent || store.connection.state !== 'open' ? '' : 'Press the pad or paint the gates.';
        };
        for (const [place, text] of [['.surface', 'Press here'], ['.graph-box', 'Paint here']]) {
            const hint = h('p', { class: 'hint', 'aria-hidden': 'true' }, text);
            const area = document.querySelector(place);
            area?.append(hint);
            for (const event of ['pointerdown', 'keydown']) {
                area?.addEventListener(event, (pressed) => {
                    // Tab only passes by.
                    if (/** @type {KeyboardEvent} */ (pressed).key === 'Tab') return;
                    hint.remove();
                    bent = true;
                    draw();
                });
            }
        }
        sound.addEventListener('change', draw);
        on(store, ['welcome', 'connection'], draw);
    }
}
