// Switches between the instrument on the server and the one in the page; asks for the
// pairing code.

import { fill, h, on } from '../ui/dom.js';
import { isLocal } from '../link/origin.js';

/** @import { Store, Mode } from '../store/store.js' */
/** @import { LocalStorage } from '../store/local-storage.js' */
/** @import { Sound } from '../audio/sound.js' */
/** @import { Connect } from '../link/connection.js' */

const WASM = new URL('../gatebend.wasm', import.meta.url);
/** The address of the instrument's websocket. */
const SOCKET = new URL('../ws', import.meta.url);
/** Key of the browser's local storage: `true` if the page's server has no instrument. */
const COPY = 'gatebend-copy';

export class Connection {
    /**
     * @param {HTMLElement} element
     * @param {Store} store
     * @param {Sound} sound
     * @param {LocalStorage} storage
     */
    constructor(element, store, sound, storage) {
        this.store = store;
        this.sound = sound;
        this.storage = storage;
        /** Takes the player's answer to the question whether to replace what plays there. @type {((yes: boolean) => void) | null} */
        this.answer = null;
        /** True if the page can play alone; null while unknown. @type {boolean | null} */
        this.canPlayAlone = null;
        /** @type {Connect | null} */
        this.socket = null;
        this.busy = false;
        /** True if this is a copy of the page without an instrument on its server. */
        this.isCopy = false;
        this.label = h('span', { id: 'connection-state', class: 'sr', role: 'status' });
        this.light = h('span', { class: 'light', 'aria-hidden': 'true' });
        // Small screens have no room for the choice: this button shows it.
        const where = h('button', {
            id: 'where', type: 'button', class: 'round', 'aria-label': 'Where it plays', 'aria-expanded': 'false', 'aria-controls': 'modes',
            onclick: () => where.setAttribute('aria-expanded', String(where.getAttribute('aria-expanded') === 'false')),
        }, this.light);
        const mode = (/** @type {Mode} */ id, /** @type {string} */ label, /** @type {string} */ title) =>
            h('button', {
                type: 'button', id, title, onclick: () => {
                    where.setAttribute('aria-expanded', 'false');
                    void this.switchTo(id);
                },
            }, label);
        this.modes = h('div', { id: 'modes', role: 'group', 'aria-label': 'Where it plays', class: 'segments' },
            mode('connected', isLocal() ? 'This computer' : 'Instrument', 'The instrument that sends this page plays'),
            mode('alone', 'In this page', 'This page plays, without the instrument; it answers a touch sooner'));
        this.more = h('div', { id: 'connection-more', class: 'sheet' });
        element.append(where, this.label, this.modes, this.more);
        on(store, ['connection', 'welcome'], () => this.draw());
    }

    /** @param {Connect} socket */
    start(socket) {
        const { store } = this;
        this.socket = socket;
        const failed = () => {
            if (store.welcome === null && !store.connection.reason) return;
            store.removeEventListener('connection', failed);
            if (store.welcome === null) void this.playIfCopy();
        };
        store.addEventListener('connection', failed);
        void store.link.switchTo(socket, 'connected');
        void this.findModule().then(() => this.draw());
    }

    /** @returns {Promise<boolean>} true if the page can play alone */
    async findModule() {
        this.canPlayAlone ??= await fetch(WASM, { method: 'HEAD' }).then(({ ok }) => ok, () => false);
        return this.canPlayAlone;
    }

    /** Plays in the page, not heard yet, if there is no instrument on the page's server. */
    async playIfCopy() {
        this.isCopy = await hasNoInstrument() && await this.findModule();
        if (!this.isCopy) return;
        await this.switchTo('alone', this.sound.quietConnector(() => this.switchTo('alone')));
    }

    /** @param {Mode} mode @param {Connect} [quiet] connects to an instrument in the page that is not heard */
    async switchTo(mode, quiet) {
        const { store, sound, socket } = this;
        // An instrument in the page that stopped or is not heard has to be started again.
        const stopped = mode === 'alone' && (store.connection.state !== 'open' || sound.startAlone !== null);
        if (this.busy || !socket || (mode === store.connection.mode && !stopped)) return;
        this.busy = true;
        this.draw();
        try {
            if (mode === 'alone') {
                await store.link.switchTo(quiet ?? sound.connector(), mode, { prepare: (next) => this.storage.prepare(next) });
                sound.activate();
            } else {
                // The instrument in the page replies only while its audio context runs.
                void sound.context?.resume();
                const replaced = await store.link.switchTo(socket, mode, { confirmReplace: () => this.confirmReplace() });
                if (replaced) void this.storage.clear();
                sound.stop();
                // The player has been listening, and goes on listening.
                if (store.welcome?.sound) await sound.listen();
            }
        } catch (problem) {
            store.report(problem);
        }
        this.busy = false;
        this.draw();
    }

    /** @returns {Promise<boolean>} true if the player replaces what plays there */
    async confirmReplace() {
        const answered = new Promise((/** @type {(yes: boolean) => void} */ resolve) => { this.answer = resolve; });
        this.draw();
        const yes = await answered;
        this.answer = null;
        return yes;
    }

    draw() {
        const { connection, welcome } = this.store;
        const { mode, state } = connection;
        this.light.dataset.state = this.busy ? 'connecting' : state;
        this.modes.hidden = this.isCopy;
        const labels = {
            connecting: 'Connecting',
            pairing: 'Pairing',
            open: mode === 'alone' ? 'In this page' : (welcome?.board ?? 'Connected'),
            away: 'Disconnected',
            refused: 'Refused',
        };
        this.label.textContent = this.busy ? 'Switching' : labels[state];
        for (const choice of this.modes.querySelectorAll('button')) {
            choice.setAttribute('aria-pressed', String(choice.id === mode && state !== 'connecting'));
            choice.disabled = this.busy;
        }
        fill(this.more, ...this.details(connection));
        this.more.hidden = this.more.childElementCount === 0;
    }

    /** @param {import('../store/store.js').ConnectionInfo} connection */
    details({ mode, state, reason, restorable, pairing }) {
        const { store, answer } = this;
        if (answer) {
            return [
                h('p', {}, 'Others are playing there, or it plays something new.'),
                button('replace', 'pill main', 'Play mine', () => answer(true)),
                button('take', 'pill', 'Play theirs', () => answer(false)),
            ];
        }
        if (pairing !== null) return [this.pairing(pairing), button('stay', 'pill', 'Stay here', () => store.link.cancelSwitch())];
        if (state === 'pairing') return [this.pairing(reason)];
        if (state === 'open' && restorable) {
            return [
                h('p', {}, 'The instrument was restarted while this page was disconnected.'),
                button('restore-previous', 'pill main', 'Restore what I played', () => void store.link.restorePrevious()),
                button('discard-previous', 'pill', 'Keep what plays now', () => store.link.discardPrevious()),
            ];
        }
        if (state === 'open') return [];
        const alone = this.canPlayAlone
            ? button('play-here', 'pill main', 'Play in this page', () => void this.switchTo('alone'))
            : this.canPlayAlone === false && h('p', { class: 'soft' },
                'To play in this page, run ', h('code', {}, 'web/build.sh'), ' first; it needs Rust\'s target ',
                h('code', {}, 'wasm32-unknown-unknown'), '.');
        if (mode === 'alone' && state !== 'connecting') {
            return [
                h('p', {}, reason, ' What you played is kept, and so is what you do now.'),
                button('play-on', 'pill main', 'Play on', () => void this.switchTo('alone')),
            ];
        }
        if (state === 'refused') return [h('p', {}, reason), alone].filter(Boolean);
        if (!reason) return [];
        const kept = store.welcome ? ' Reconnecting; what you do is kept.' : ' Reconnecting.';
        return [h('p', {}, reason, kept), alone].filter(Boolean);
    }

    /** @param {string} reason why the last code was refused or cannot be sent yet, or empty */
    pairing(reason) {
        const old = /** @type {HTMLFormElement | null} */ (this.more.querySelector('form'));
        const shown = old?.querySelector('#pairing-reason');
        if (old && shown) {
            // The code that is being typed stays.
            if (shown.textContent !== reason) shown.textContent = reason;
            return old;
        }
        const code = h('input', {
            id: 'pairing-code', inputMode: 'numeric', autocomplete: 'one-time-code', required: true,
            class: 'number', size: 16, 'aria-describedby': 'pairing-reason',
        });
        const form = h('form', {
            onsubmit: (/** @type {Event} */ event) => {
                event.preventDefault();
                this.store.link.pair(code.value.trim());
            },
        },
        h('label', { for: 'pairing-code' }, 'The code on the instrument\'s display'),
        code, h('button', { type: 'submit', class: 'pill main' }, 'Pair'),
        h('p', { id: 'pairing-reason', class: 'bad' }, reason));
        queueMicrotask(() => code.focus());
        return form;
    }
}

/** Returns true if the page's server has no instrument; without a network, if it had none. */
async function hasNoInstrument() {
    const answer = await fetch(SOCKET, { cache: 'no-store' }).catch(() => null);
    // An instrument requires an upgrade; a proxy may wait for one that is switched off.
    const none = answer !== null && answer.status !== 426 && answer.status < 500;
    try {
        if (answer) localStorage.setItem(COPY, String(none));
        return localStorage.getItem(COPY) === 'true';
    } catch {
        return none;
    }
}

/** @param {string} id @param {string} style @param {string} label @param {() => void} onclick */
function button(id, style, label, onclick) {
    return h('button', { type: 'button', id, class: style, onclick }, label);
}
