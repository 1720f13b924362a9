// Where the instrument is: served with this page, or in it. And the pairing code.

import { fill, h, on } from '../ui/dom.js';

/** @import { Store, Mode } from '../store/store.js' */
/** @import { LocalStorage } from '../store/local-storage.js' */
/** @import { Sound } from '../audio/sound.js' */
/** @import { Connect } from '../link/connection.js' */

const WASM = new URL('../gatebend.wasm', import.meta.url);

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
        /** Takes the player's answer: whether what is played there is replaced. @type {((yes: boolean) => void) | null} */
        this.replace = null;
        /** Whether the instrument is to be had in the page; not looked for yet. @type {boolean | null} */
        this.has = null;
        /** @type {Connect | null} */
        this.socket = null;
        this.busy = false;
        this.word = h('span', { id: 'connection-state', role: 'status' });
        this.light = h('span', { class: 'light', 'aria-hidden': 'true' });
        this.where = h('div', { role: 'group', 'aria-label': 'Where it plays', class: 'segments' },
            this.choice('connected', 'Connected'), this.choice('alone', 'Alone'));
        this.more = h('div', { id: 'connection-more', class: 'sheet' });
        element.append(this.light, this.word, this.where, this.more);
        on(store, ['connection', 'welcome'], () => this.draw());
    }

    /** @param {Mode} mode @param {string} word */
    choice(mode, word) {
        return h('button', { type: 'button', id: mode, onclick: () => void this.go(mode) }, word);
    }

    /** @param {Connect} socket */
    start(socket) {
        this.socket = socket;
        void this.store.link.switchTo(socket, 'connected');
        void fetch(WASM, { method: 'HEAD' }).then(({ ok }) => ok, () => false).then((has) => {
            this.has = has;
            this.draw();
        });
    }

    /** @param {Mode} mode */
    async go(mode) {
        const { store, sound, socket } = this;
        // The one in the page does not come back by itself.
        const stopped = mode === 'alone' && store.connection.state !== 'open';
        if (this.busy || !socket || (mode === store.connection.mode && !stopped)) return;
        this.busy = true;
        this.draw();
        try {
            if (mode === 'alone') {
                await store.link.switchTo(sound.alone(), mode, { prepare: (next) => this.storage.prepare(next) });
                sound.rise();
            } else {
                // It answers while it sounds.
                void sound.context?.resume();
                const brought = await store.link.switchTo(socket, mode, { confirmReplace: () => this.confirmReplace() });
                if (brought) void this.storage.clear();
                sound.hush();
                // It was heard before, and shall be.
                if (store.welcome?.sound) await sound.listen();
            }
        } catch (problem) {
            store.report(problem);
        }
        this.busy = false;
        this.draw();
    }

    /** @returns {Promise<boolean>} whether the player replaces what is played there */
    async confirmReplace() {
        const answer = new Promise((/** @type {(yes: boolean) => void} */ resolve) => { this.replace = resolve; });
        this.draw();
        const yes = await answer;
        this.replace = null;
        return yes;
    }

    draw() {
        const { connection, welcome } = this.store;
        const { mode, state } = connection;
        this.light.dataset.state = this.busy ? 'connecting' : state;
        const words = {
            connecting: 'Connecting',
            pairing: 'Pairing',
            open: mode === 'alone' ? 'In this page' : (welcome?.board ?? 'Connected'),
            away: 'Disconnected',
            refused: 'Refused',
        };
        this.word.textContent = this.busy ? 'Switching' : words[state];
        for (const choice of this.where.querySelectorAll('button')) {
            choice.setAttribute('aria-pressed', String(choice.id === mode && state !== 'connecting'));
            choice.disabled = this.busy;
        }
        fill(this.more, ...this.sentence(connection));
        this.more.hidden = this.more.childElementCount === 0;
    }

    /** @param {import('../store/store.js').ConnectionInfo} connection */
    sentence({ mode, state, reason, restorable, pairing }) {
        const { store, replace } = this;
        if (replace) {
            return [
                h('p', {}, 'Others play there, or it plays something else than when you left.'),
                button('replace', 'pill main', 'Play yours there', () => replace(true)),
                button('take', 'pill', 'Take what it plays', () => replace(false)),
            ];
        }
        if (pairing !== null) return [this.pairing(pairing), button('stay', 'pill', 'Stay here', () => store.link.cancelSwitch())];
        if (state === 'pairing') return [this.pairing(reason)];
        if (state === 'open' && restorable) {
            return [
                h('p', {}, 'The instrument was restarted while this page was away.'),
                button('bring-back', 'pill main', 'Bring back what was here', () => void store.link.restorePrevious()),
                button('let-go', 'pill', 'No', () => store.link.discardPrevious()),
            ];
        }
        if (state === 'open') return [];
        const alone = this.has
            ? button('play-here', 'pill main', 'Play in this page', () => void this.go('alone'))
            : this.has === false && h('p', { class: 'soft' },
                'It cannot play in this page: ', h('code', {}, 'web/build.sh'), ' makes that, with Rust\'s target ',
                h('code', {}, 'wasm32-unknown-unknown'), '.');
        if (mode === 'alone' && state !== 'connecting') {
            return [
                h('p', {}, reason, ' What was played, and what you do meanwhile, is kept.'),
                button('play-on', 'pill main', 'Play on', () => void this.go('alone')),
            ];
        }
        if (state === 'refused') return [h('p', {}, reason), alone].filter(Boolean);
        if (!reason) return [];
        const kept = this.store.welcome && ' It is tried again; what you do meanwhile is kept.';
        return [h('p', {}, reason, kept || ' It is tried again.'), alone].filter(Boolean);
    }

    /** @param {string} reason */
    pairing(reason) {
        const old = /** @type {HTMLFormElement | null} */ (this.more.querySelector('form'));
        if (old && old.dataset.reason === reason) return old;
        const code = h('input', {
            id: 'pairing-code', inputMode: 'numeric', autocomplete: 'one-time-code', required: true,
            class: 'number', size: 8, 'aria-describedby': 'pairing-reason',
        });
        const form = h('form', {
            'data-reason': reason,
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

/** @param {string} id @param {string} look @param {string} word @param {() => void} onclick */
function button(id, look, word, onclick) {
    return h('button', { type: 'button', id, class: look, onclick }, word);
}
