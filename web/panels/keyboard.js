// The keyboard on the screen, played with fingers, pen, mouse or the computer's keys, and MIDI
// devices at this computer.

import { h, on } from '../ui/dom.js';
import { MAX_BASE, MIDDLE, MIN_BASE, Notes, VELOCITY, keysFrom, letterOf, noteName, noteOf } from '../ui/piano.js';

/** @import { Store } from '../store/store.js' */
/** @import { MidiOutput } from '../store/midi.js' */
/** @import { MidiInputs } from '../link/midi-inputs.js' */

/** Least width of a white key in CSS pixels, and most octaves that are shown. */
const KEY_WIDTH = 26;
const MAX_OCTAVES = 4;
/** Velocity at the top and at the bottom of a key. */
const SOFTEST = 40;
const LOUDEST = 127;
/** Duration of a note that a screen reader plays. */
const TAP_MILLISECONDS = 300;

/** What the keys do while the keyboard has the focus, for the help. */
export const KEYS = [
    { keys: ['A', '\'', 'W', ']'], what: 'play: the middle row, A to \', is white, the row above it, W to ], black' },
    { keys: ['Left', 'Right'], what: 'an octave lower, higher' },
    { keys: ['Space'], what: 'sustain while it is held' },
];

export class Keyboard {
    /** @param {HTMLElement} element @param {Store} store @param {MidiOutput} midi @param {MidiInputs} inputs */
    constructor(element, store, midi, inputs) {
        this.store = store;
        this.notes = new Notes((bytes) => midi.send(bytes));
        /** Note of the first of the computer's keys. */
        this.base = MIDDLE;
        /** Letters by the place of a key. @type {Map<string, string> | null} */
        this.layout = null;
        this.octaves = 0;
        /** Buttons by note. @type {Map<number, HTMLElement>} */
        this.buttons = new Map();
        this.keys = h('div', {
            id: 'keys', tabIndex: 0, role: 'application', 'aria-label': 'Keyboard', 'aria-roledescription': 'piano keys',
            'aria-describedby': 'keys-help',
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.keyDown(event),
            onkeyup: (/** @type {KeyboardEvent} */ event) => this.keyUp(event),
            onblur: () => this.notes.clear(),
            onpointerdown: (/** @type {PointerEvent} */ event) => this.down(event),
            onpointermove: (/** @type {PointerEvent} */ event) => {
                if (this.keys.hasPointerCapture(event.pointerId)) this.move(event);
            },
            oncontextmenu: (/** @type {Event} */ event) => event.preventDefault(),
        });
        for (const name of /** @type {const} */ (['pointerup', 'pointercancel', 'lostpointercapture'])) {
            this.keys.addEventListener(name, (event) => this.notes.release(event.pointerId));
        }
        const octave = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {string} */ what) => h('button', {
            type: 'button', class: 'quiet', title: what, 'aria-label': what, onclick: () => this.shift(by),
        }, sign);
        this.range = h('output', { class: 'number', 'aria-label': 'First key' });
        const devices = h('button', {
            type: 'button', id: 'midi', class: 'pill', hidden: !inputs.possible,
            onclick: () => { if (inputs.on) inputs.close(); else void inputs.open(); },
        }, 'MIDI');
        const named = h('span', { id: 'midi-devices', class: 'soft', role: 'status' });
        element.append(
            h('div', { class: 'line', id: 'keyboard-line' },
                octave(-1, '‹', 'An octave lower'), this.range, octave(1, '›', 'An octave higher'), named, devices),
            this.keys,
            h('p', { id: 'keys-help', class: 'sr' },
                'The letters from A to L are white keys, those above them black. Left and right change the octave, Space sustains.'),
        );
        on(inputs, ['change'], () => {
            devices.setAttribute('aria-pressed', String(inputs.on));
            devices.title = inputs.on ? 'Stop playing with MIDI devices' : 'Play with MIDI devices at this computer';
            named.textContent = inputs.problem || (inputs.on ? inputs.names.join(', ') || 'No device yet' : '');
            named.classList.toggle('bad', inputs.problem !== '');
        });
        new ResizeObserver(() => this.layOut()).observe(this.keys);
        on(store, ['midi', 'welcome'], () => {
            element.classList.toggle('off', store.welcome !== null && !store.state.midi);
            this.draw();
        });
        on(store, ['parameters', 'welcome'], () => { this.notes.channel = Math.max(0, store.value('channel') - 1); });
        // A page that is hidden or away plays nothing.
        document.addEventListener('visibilitychange', () => { if (document.hidden) this.notes.clear(); });
        addEventListener('blur', () => this.notes.clear());
        addEventListener('pagehide', () => this.notes.clear());
        store.addEventListener('connection', () => { if (store.connection.state !== 'open') this.notes.clear(); });
        void this.readLayout();
        this.layOut();
    }

    /** Asks the browser for the letters of the keys. */
    async readLayout() {
        const { keyboard } = /** @type {any} */ (navigator);
        this.layout = await keyboard?.getLayoutMap?.().catch(() => null) ?? null;
        this.draw();
    }

    /** Shows as many octaves as fit; the computer's keys play the middle of them. */
    layOut() {
        const fit = Math.floor(this.keys.clientWidth / KEY_WIDTH / 7);
        this.octaves = Math.max(1, Math.min(MAX_OCTAVES, fit));
        this.place();
    }

    /** @param {number} by octaves */
    shift(by) {
        const base = Math.max(MIN_BASE, Math.min(MAX_BASE, this.base + 12 * by));
        if (base === this.base) return;
        this.base = base;
        this.place();
    }

    /** Makes the buttons. */
    place() {
        const first = Math.max(0, this.base - 12 * Math.floor((this.octaves - 1) / 2));
        const keys = keysFrom(first, this.octaves);
        this.buttons = new Map(keys.map(({ note, white, left, width }) => {
            const button = h('button', {
                type: 'button', class: white ? 'white' : 'black', tabIndex: -1,
                'data-note': note, onclick: (/** @type {MouseEvent} */ event) => this.tap(event, note),
            }, h('span', {}));
            Object.assign(button.style, { left: `${100 * left}%`, width: `${100 * width}%` });
            return [note, button];
        }));
        this.keys.replaceChildren(...this.buttons.values());
        this.range.value = noteName(this.base);
        this.draw();
    }

    /** Lights the keys that sound or are held, and writes the letters that play them. */
    draw() {
        const sounding = new Set([...this.store.state.midi?.keys ?? [], ...this.notes.notes]);
        for (const [note, button] of this.buttons) {
            button.classList.toggle('on', sounding.has(note));
            const letter = letterOf(note, this.base, this.layout);
            const label = /** @type {HTMLElement} */ (button.firstChild);
            label.textContent = letter || (note % 12 === 0 ? noteName(note) : '');
            label.className = letter ? 'letter' : '';
            button.setAttribute('aria-label', `${noteName(note).replace('♯', ' sharp ')}${letter && `, ${letter}`}`);
        }
    }

    /** Plays a note for a click without a pointer, as screen readers make. @param {MouseEvent} event @param {number} note */
    tap(event, note) {
        if (event.detail !== 0) return;
        this.notes.press('tap', note, VELOCITY);
        this.draw();
        setTimeout(() => { this.notes.release('tap'); this.draw(); }, TAP_MILLISECONDS);
    }

    /** @param {PointerEvent} event */
    down(event) {
        if (event.button !== 0) return;
        event.preventDefault();
        this.keys.focus({ preventScroll: true });
        this.keys.setPointerCapture(event.pointerId);
        this.move(event);
    }

    /** Slides to the key under the pointer. @param {PointerEvent} event */
    move({ pointerId, clientX, clientY }) {
        const key = document.elementFromPoint(clientX, clientY)?.closest('[data-note]');
        if (!(key instanceof HTMLElement) || !this.keys.contains(key)) return;
        const { top, height } = key.getBoundingClientRect();
        const part = Math.max(0, Math.min(1, (clientY - top) / height));
        this.notes.press(pointerId, Number(key.dataset.note), SOFTEST + (LOUDEST - SOFTEST) * part);
        this.draw();
    }

    /** @param {KeyboardEvent} event */
    keyDown(event) {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const note = noteOf(event.code, this.base);
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (note !== null) {
            if (!event.repeat) this.notes.press(event.code, note, VELOCITY);
        } else if (by) {
            this.shift(by);
        } else if (event.key === ' ') {
            this.notes.pedal(true);
        } else if (event.key.length > 1 || event.key === '?') {
            return;
        }
        // A key next to those that play does not change the network by mistake.
        event.preventDefault();
        event.stopPropagation();
        this.draw();
    }

    /** @param {KeyboardEvent} event */
    keyUp(event) {
        if (event.key === ' ') this.notes.pedal(false);
        else this.notes.release(event.code);
        this.draw();
    }
}
