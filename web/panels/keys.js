// Keys that work everywhere in the page, but where something is typed.

/** @import { Store } from '../store/store.js' */
/** @import { Transport } from './transport.js' */
/** @import { Output } from './output.js' */
/** @import { Networks } from './networks.js' */
/** @import { Bends } from './bends.js' */

/** Where the player's wish about single keys is kept. */
const KEPT = 'gatebend-keys';

/**
 * @typedef {object} Key
 * @property {string} key as it is written: `Ctrl Z`, `R`
 * @property {string} what it does
 * @property {() => void} press
 */

export class Keys {
    /**
     * @param {{ store: Store, transport: Transport, output: Output, networks: Networks, bends: Bends }} panels
     */
    constructor({ transport, output, networks, bends }) {
        /** @type {Key[]} */
        this.all = [];
        /** Single keys can be switched off, for those who dictate. */
        this.on = kept() !== 'off';
        const focus = (/** @type {string} */ id, /** @type {string} */ view) => () => {
            document.getElementById(`view-${view}`)?.click();
            document.getElementById(id)?.focus();
        };
        this.add('Space', 'Play or pause', () => transport.playOrPause());
        this.add('Home', 'Reset time', () => transport.reset());
        this.add('R', 'Reverse', () => transport.reverse());
        this.add('<', 'Slower', () => transport.faster(-1));
        this.add('>', 'Faster', () => transport.faster(1));
        this.add('[', 'Previous network', () => networks.swap(false));
        this.add(']', 'Next network', () => networks.swap(true));
        this.add('N', 'Random network', () => networks.chance('random'));
        this.add('M', 'Mutate', () => networks.chance('mutate'));
        this.add('O', 'Open a file', () => networks.choose());
        this.add('S', 'Save a file', () => networks.save());
        this.add('B', 'Bends to 0, 1 or inverted', () => bends.turn('bend'));
        this.add('H', 'Bends momentary or latched', () => bends.turn('hold'));
        this.add('X', 'Clear all bends', () => bends.clear());
        this.add('Ctrl Z', 'Undo', () => bends.undo());
        this.add('Ctrl Shift Z', 'Redo', () => bends.redo());
        this.add('Ctrl Y', 'Redo', () => bends.redo());
        this.add('L', 'Listen in this page', () => output.toggle());
        this.add('E', 'To the expression', focus('expression-text', 'networks'));
        this.add('P', 'To the pad', focus('field', 'play'));
        this.add('G', 'To the gates', () => {
            document.getElementById('view-gates')?.click();
            /** @type {HTMLElement | null} */ (document.querySelector('#graph [tabindex]'))?.focus();
        });
        addEventListener('keydown', (event) => this.pressed(event));
    }

    /** @param {string} key @param {string} what @param {() => void} press */
    add(key, what, press) {
        this.all.push({ key, what, press });
    }

    /** @param {boolean} on */
    turn(on) {
        this.on = on;
        try {
            localStorage.setItem(KEPT, on ? 'on' : 'off');
        } catch {
            // It holds for as long as the page is there.
        }
    }

    /** @param {KeyboardEvent} event */
    pressed(event) {
        if (event.defaultPrevented || event.altKey || event.repeat) return;
        const target = /** @type {Element} */ (event.target);
        if (target.closest?.('input:not([type=range]), textarea, select, [contenteditable]')) return;
        const key = name(event);
        if (!key.startsWith('Ctrl') && (!this.on || document.querySelector('dialog[open]') && key !== '?')) return;
        // These have their own meaning on what has the focus.
        if (key === 'Space' && target.closest?.('button, summary, a, [role=slider], [role=application]')) return;
        if (key === 'Home' && target.closest?.('input, [role=slider]')) return;
        const found = this.all.find((each) => each.key === key);
        if (!found) return;
        event.preventDefault();
        found.press();
    }
}

/** What was wished for last; browsers may keep nothing, and say so by throwing. */
function kept() {
    try {
        return localStorage.getItem(KEPT);
    } catch {
        return null;
    }
}

/**
 * A key as it is written in the table.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean }} event
 */
export function name({ key, ctrlKey, metaKey, shiftKey }) {
    const word = key === ' ' ? 'Space' : key.length === 1 ? key.toUpperCase() : key;
    if (!ctrlKey && !metaKey) return word;
    return `Ctrl ${shiftKey ? 'Shift ' : ''}${word}`;
}
