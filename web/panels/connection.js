// Where the instrument is: served with this page, or in it. And the pairing code.

import { fill, h, on } from '../dom.js';

/** @import { Store, How } from '../store.js' */
/** @import { Sound } from '../sound.js' */
/** @import { Connect } from '../conversation.js' */

const WASM = new URL('../gatebend.wasm', import.meta.url);

export class Connection {
    /** @param {HTMLElement} element @param {Store} store @param {Sound} sound */
    constructor(element, store, sound) {
        this.store = store;
        this.sound = sound;
        /** Whether the instrument is to be had in the page; not looked for yet. @type {boolean | null} */
        this.has = null;
        /** @type {Connect | null} */
        this.socket = null;
        this.busy = false;
        this.word = h('span', { id: 'standing', role: 'status' });
        this.light = h('span', { class: 'light', 'aria-hidden': 'true' });
        this.where = h('div', { role: 'group', 'aria-label': 'Where it plays', class: 'segments' },
            this.choice('connected', 'Connected'), this.choice('alone', 'Alone'));
        this.more = h('div', { id: 'connection-more', class: 'sheet' });
        element.append(this.light, this.word, this.where, this.more);
        on(store, ['connection', 'welcome'], () => this.draw());
    }

    /** @param {How} how @param {string} word */
    choice(how, word) {
        return h('button', { type: 'button', id: how, onclick: () => void this.go(how) }, word);
    }

    /** @param {Connect} socket */
    start(socket) {
        this.socket = socket;
        void this.store.use(socket, 'connected');
        void fetch(WASM, { method: 'HEAD' }).then(({ ok }) => ok, () => false).then((has) => {
            this.has = has;
            this.draw();
        });
    }

    /** @param {How} how */
    async go(how) {
        const { store, sound, socket } = this;
        if (this.busy || !socket || how === store.connection.how) return;
        this.busy = true;
        this.draw();
        const heard = sound.on;
        try {
            await store.use(how === 'alone' ? sound.alone() : socket, how);
            if (how === 'alone') {
                sound.rise();
            } else {
                sound.hush();
                // It was heard before, and shall be.
                if (store.welcome?.sound) await sound.listen();
            }
        } catch (problem) {
            store.tell('problem', /** @type {Error} */ (problem).message);
            if (how === 'alone') {
                sound.hush();
                if (heard) await sound.listen();
            }
        }
        this.busy = false;
        this.draw();
    }

    draw() {
        const { connection, welcome } = this.store;
        const { how, standing, reason, restorable } = connection;
        this.light.dataset.standing = this.busy ? 'connecting' : standing;
        const words = {
            connecting: 'Connecting',
            pairing: 'Pairing',
            open: how === 'alone' ? 'In this page' : (welcome?.board ?? 'Connected'),
            away: 'Away',
            refused: 'Refused',
        };
        this.word.textContent = this.busy ? 'Switching' : words[standing];
        for (const button of this.where.querySelectorAll('button')) {
            button.setAttribute('aria-pressed', String(button.id === how && standing !== 'connecting'));
            button.disabled = this.busy;
        }
        fill(this.more, ...this.sentence(standing, reason, restorable));
        this.more.hidden = this.more.childElementCount === 0;
    }

    /** @param {string} standing @param {string} reason @param {boolean} restorable */
    sentence(standing, reason, restorable) {
        if (restorable) {
            return [
                h('p', {}, 'The instrument was restarted while this page was away.'),
                h('button', { type: 'button', id: 'bring-back', class: 'pill main', onclick: () => void this.store.bringBack() }, 'Bring back what was here'),
            ];
        }
        if (standing === 'pairing') return [this.pairing(reason)];
        if (standing === 'open') return [];
        const alone = this.has
            ? h('button', { type: 'button', class: 'pill main', id: 'play-here', onclick: () => void this.go('alone') }, 'Play in this page')
            : this.has === false && h('p', { class: 'soft' },
                'It cannot play in this page: ', h('code', {}, 'web/build.sh'), ' makes that, with Rust\'s target ',
                h('code', {}, 'wasm32-unknown-unknown'), '.');
        if (standing === 'refused') return [h('p', {}, reason), alone].filter(Boolean);
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
                this.store.pair(code.value.trim());
            },
        },
        h('label', { for: 'pairing-code' }, 'The code on the instrument\'s display'),
        code, h('button', { type: 'submit', class: 'pill main' }, 'Pair'),
        h('p', { id: 'pairing-reason', class: 'bad' }, reason));
        queueMicrotask(() => code.focus());
        return form;
    }
}
