// Keyboard shortcuts of the whole page, except in text fields.

/** @import { Store } from '../store/store.js' */
/** @import { Transport } from './transport.js' */
/** @import { Output } from './output.js' */
/** @import { Networks } from './networks.js' */
/** @import { Bends } from './bends.js' */

/** Key of the browser's local storage for the player's choice about single keys. */
const SETTING = 'gatebend-keys';

/**
 * @typedef {object} Key
 * @property {string} key as written in the help: `Ctrl Z`, `R`
 * @property {string} what the action of the key
 * @property {() => void} press
 */

export class Keys {
    /**
     * @param {{ store: Store, transport: Transport, output: Output, networks: Networks, bends: Bends }} panels
     */
    constructor({ transport, output, networks, bends }) {
        /** @type {Key[]} */
        this.all = [];
        /** False if single keys are switched off, as for players who dictate. */
        this.single = savedSetting() !== 'off';
        /** The element that was last pressed with a pointer. @type {Element | null} */
        this.pointed = null;
        const focus = (/** @type {string} */ id, /** @type {string} */ view) => () => {
            document.getElementById(`view-${view}`)?.click();
            document.getElementById(id)?.focus();
        };
        this.add('Space', 'Play or pause', () => transport.playOrPause());
        this.add('Home', 'Back to the start', () => transport.reset());
        this.add('R', 'Reverse', () => transport.reverse());
        this.add('<', 'Slower', () => transport.faster(-1));
        this.add('>', 'Faster', () => transport.faster(1));
        this.add('[', 'Previous network', () => networks.swap(false));
        this.add(']', 'Next network', () => networks.swap(true));
        this.add('N', 'Random network', () => networks.randomize('random'));
        this.add('M', 'Mutate', () => networks.randomize('mutate'));
        this.add('O', 'Open a file', () => networks.choose());
        this.add('S', 'Save a file', () => networks.save());
        this.add('B', 'Force gates to 0, 1 or flip', () => bends.selectNext('bend'));
        this.add('H', 'Hold on or off', () => bends.selectNext('hold'));
        this.add('X', 'Clear all bends', () => bends.clear());
        this.add('Ctrl Z', 'Undo', () => bends.undo());
        this.add('Ctrl Shift Z', 'Redo', () => bends.redo());
        this.add('Ctrl Y', 'Redo', () => bends.redo());
        this.add('L', 'Listen in this page', () => output.toggle());
        this.add('E', 'Go to the expression', focus('expression-text', 'networks'));
        this.add('P', 'Go to the pad', focus('field', 'play'));
        this.add('K', 'Go to the keys', focus('keys', 'keys'));
        this.add('G', 'Go to the gates', () => {
            document.getElementById('view-gates')?.click();
            /** @type {HTMLElement | null} */ (document.querySelector('#graph [tabindex]'))?.focus();
        });
        addEventListener('pointerdown', ({ target }) => { this.pointed = /** @type {Element} */ (target); }, true);
        addEventListener('keydown', (event) => this.pressed(event));
    }

    /** @param {string} key @param {string} what @param {() => void} press */
    add(key, what, press) {
        this.all.push({ key, what, press });
    }

    /** @param {boolean} on */
    allowSingle(on) {
        this.single = on;
        try {
            localStorage.setItem(SETTING, on ? 'on' : 'off');
        } catch {
            // Without local storage, the choice lasts as long as the page.
        }
    }

    /** @param {KeyboardEvent} event */
    pressed(event) {
        if (event.key === 'Tab') this.pointed = null;
        if (event.defaultPrevented || event.altKey || event.repeat) return;
        const target = /** @type {Element} */ (event.target);
        if (target.closest?.('input:not([type=range]), textarea, select, [contenteditable]')) return;
        const key = name(event);
        if (!key.startsWith('Ctrl') && (!this.single || document.querySelector('dialog[open]') && key !== '?')) return;
        // The focused element has its own use for these keys; a button only if the player has
        // gone to it with the keyboard, since it keeps the focus after a click.
        const clicked = this.pointed !== null && target.contains(this.pointed);
        if (key === 'Space' && target.closest?.(clicked ? '[role=slider], [role=application]' : 'button, summary, a, [role=slider], [role=application]')) return;
        if (key === 'Home' && target.closest?.('input, [role=slider]')) return;
        const found = this.all.find((each) => each.key === key);
        if (!found) return;
        event.preventDefault();
        // Firefox clicks a button when Space is released.
        if (key === 'Space') addEventListener('keyup', (up) => up.preventDefault(), { once: true, capture: true });
        found.press();
    }
}

/** Returns the saved setting; null where the browser denies local storage. */
function savedSetting() {
    try {
        return localStorage.getItem(SETTING);
    } catch {
        return null;
    }
}

/**
 * Returns the name of a key as written in the help.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean }} event
 */
export function name({ key, ctrlKey, metaKey, shiftKey }) {
    const word = key === ' ' ? 'Space' : key.length === 1 ? key.toUpperCase() : key;
    if (!ctrlKey && !metaKey) return word;
    return `Ctrl ${shiftKey ? 'Shift ' : ''}${word}`;
}
