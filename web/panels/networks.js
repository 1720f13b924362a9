// Networks: selects, randomizes, opens, saves, copies and shares them.

import { h, on, refill } from '../ui/dom.js';
import { MAX_BYTES } from '../link/connection.js';
import { isLocal } from '../link/origin.js';
import { describe, withBends, encodeLink, decodeLink } from '../ui/network-file.js';
import { fileName, formatSize, groupDigits } from '../ui/format.js';
import { isSound } from '../ui/sounds.js';
import { controls } from './control.js';

/** @import { Store } from '../store/store.js' */
/** @import { Learn } from './learn.js' */
/** @import { Notices } from './notices.js' */

const MAX_SEED = 2 ** 32 - 1;
/** Characters shown of the name in a link, which anybody may have made. */
const MAX_NAME = 60;

export class Networks {
    /** @param {HTMLElement} element @param {Store} store @param {Notices} notices @param {Learn} learn takes files of sounds */
    constructor(element, store, notices, learn) {
        this.store = store;
        this.notices = notices;
        this.learn = learn;
        this.file = h('input', {
            type: 'file', id: 'file', accept: '.json,application/json', class: 'sr', tabIndex: -1, 'aria-hidden': 'true',
            onchange: () => {
                const [file] = this.file.files ?? [];
                if (file) void this.open(file);
                this.file.value = '';
            },
        });
        this.seed = h('input', {
            id: 'seed', type: 'number', class: 'number', min: '0', max: String(MAX_SEED), step: '1', placeholder: 'any',
        });
        const list = h('ul', { id: 'library', class: 'list', 'aria-label': 'Networks' });
        const summary = h('p', { id: 'about', class: 'soft' });
        const more = h('button', {
            id: 'about-more', type: 'button', class: 'quiet', 'aria-controls': 'about', 'aria-expanded': 'false',
            onclick: () => unfold(more.getAttribute('aria-expanded') === 'false'),
        });
        const unfold = (/** @type {boolean} */ all) => {
            more.setAttribute('aria-expanded', String(all));
            more.textContent = all ? 'Less' : 'More';
            summary.classList.toggle('all', all);
            more.hidden = !all && summary.scrollHeight <= summary.clientHeight;
        };
        new ResizeObserver(() => unfold(more.getAttribute('aria-expanded') === 'true')).observe(summary);
        const swaps = h('div', { class: 'controls', id: 'swaps' });
        element.append(
            summary, more,
            h('div', { class: 'buttons' },
                button('previous-network', 'Previous', 'Previous network ([)', () => this.swap(false)),
                button('next-network', 'Next', 'Next network (])', () => this.swap(true))),
            list,
            h('div', { class: 'line' },
                button('random', 'Random', 'New random network (N)', () => this.randomize('random')),
                button('mutate', 'Mutate', 'Change a few gates at random (M)', () => this.randomize('mutate')),
                h('label', { for: 'seed' }, 'Seed'), this.seed),
            h('div', { class: 'buttons', id: 'files' },
                button('open', 'Open', 'Open a file (O), or drop it onto the page', () => this.choose()),
                button('save', 'Save', 'Save a file, bends included (S)', () => this.save()),
                button('copy', 'Copy', 'Copy as text, bends included (Ctrl C)', () => void this.copy()),
                button('paste', 'Paste', 'Play the copied network (Ctrl V)', () => void this.paste()),
                button('share', 'Share', 'Copy a link that contains the network', () => void this.share())),
            swaps, this.file,
        );
        controls(store, swaps, 'swap', ({ key }) => key === 'swap');
        on(store, ['library', 'network'], () => {
            const { names = [] } = store.state.library ?? {};
            const { place } = store.playing;
            refill(list, ...names.map((name, i) => h('li', {}, h('button', {
                type: 'button', class: 'item', 'aria-current': i === place ? 'true' : undefined,
                onclick: () => void store.attempt({ type: 'choose', place: i }),
            }, name))));
            const current = /** @type {HTMLElement | null} */ (list.querySelector('[aria-current]'));
            // Scrolls the list only; scrollIntoView would scroll the page as well.
            if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
        });
        const title = document.getElementById('network-name');
        on(store, ['network'], () => {
            const { name, description, gates, signals, rate } = store.playing;
            if (title) title.textContent = name;
            document.title = name ? `${name} · Gatebend` : 'Gatebend';
            summary.textContent = gates
                ? `${description || name}${/[.!?]$/.test(description || name) ? '' : '.'} ${formatSize({ gates, signals })}, ${groupDigits(rate)} Hz.`
                : '';
            unfold(false);
        });
        this.addListeners();
        void this.openLink();
    }

    /** Handles dropped files, pasted and copied text, and links. */
    addListeners() {
        const over = (/** @type {DragEvent} */ event) => {
            if (![...event.dataTransfer?.types ?? []].some((type) => type === 'Files' || type === 'text/plain')) return;
            event.preventDefault();
            document.body.classList.add('dropping');
        };
        const end = () => document.body.classList.remove('dropping');
        addEventListener('dragover', over);
        addEventListener('dragleave', (event) => { if (!event.relatedTarget) end(); });
        addEventListener('drop', (event) => {
            end();
            const [file, ...others] = event.dataTransfer?.files ?? [];
            // Text may be meant for the field that it is dropped on. A file never is: the
            // browser would leave the page and show it.
            if (!file && editing(event.target)) return;
            event.preventDefault();
            if (file) void this.open(file);
            if (others.length > 0) {
                const rest = others.length === 1 ? others[0].name : `the other ${others.length} files`;
                this.notices.show(`“${file.name}” is opened, ${rest} not: drop one file at a time.`);
            }
            if (!file) void this.load(event.dataTransfer?.getData('text/plain') ?? '');
        });
        addEventListener('paste', (event) => {
            const text = event.clipboardData?.getData('text/plain') ?? '';
            if (editing(event.target) || !text) return;
            event.preventDefault();
            void this.load(text);
        });
        addEventListener('copy', (event) => {
            if (editing(event.target) || getSelection()?.toString()) return;
            event.preventDefault();
            event.clipboardData?.setData('text/plain', this.text());
            this.notices.show('Network copied.');
        });
        addEventListener('hashchange', () => void this.openLink());
    }

    /** Returns the network's file, bends included. */
    text() {
        const { network, layers } = this.store.state;
        return network ? withBends(network.file, layers) : '';
    }

    /** @param {string} network a file, or a link to one */
    async load(network) {
        await this.reportFailure(async () => this.store.request({ type: 'load', network: await fileIn(network) }));
    }

    /**
     * Plays the network in the page's own link: at once where nothing plays yet, otherwise
     * if the player agrees, since any page of the web can link here.
     */
    async openLink() {
        const { hash } = location;
        if (!hash.startsWith('#n=')) return;
        // A reload of the page must not replace what is played by then.
        history.replaceState(null, '', location.pathname + location.search);
        await this.reportFailure(async () => {
            const { store } = this;
            const file = await fileIn(hash);
            const play = () => void this.load(file);
            const first = !store.welcome;
            if (first) await new Promise((resolve) => { store.addEventListener('welcome', resolve, { once: true }); });
            if (first && store.connection.mode === 'alone') play();
            else this.notices.offer(`This link has the network “${describe(file).name.slice(0, MAX_NAME)}”.`, 'Play it', play);
        });
    }

    choose() {
        this.file.click();
    }

    /** @param {File} file */
    async open(file) {
        if (isSound(file)) {
            await this.learn.open(file, file.name);
            return;
        }
        if (file.size > MAX_BYTES) {
            this.store.emit('problem', `${file.name} is too large: a network has at most ${MAX_BYTES / 1e6} MB.`);
            return;
        }
        await this.load(await file.text());
    }

    save() {
        const file = new Blob([this.text()], { type: 'application/json' });
        save(file, `${fileName(this.store.playing.name)}.json`);
    }

    async copy() {
        await this.toClipboard(this.text(), 'Network copied.');
    }

    async paste() {
        /** @type {string} */
        let text;
        try {
            text = await navigator.clipboard.readText();
        } catch {
            // No secure context or no permission: the player has to paste.
            const field = h('textarea', {
                rows: 3, class: 'number', 'aria-label': 'Paste here', oninput: () => {
                    close();
                    void this.load(field.value);
                },
            });
            const close = this.notices.ask('Paste the network or its link here', field);
            return;
        }
        await this.load(text);
    }

    async share() {
        await this.reportFailure(async () => {
            const link = location.origin + location.pathname + await encodeLink(this.text());
            const where = isLocal() ? ' The link opens on this computer only; elsewhere, paste it into Gatebend.' : '';
            await this.toClipboard(link, `Link copied: ${groupDigits(link.length)} characters.${where}`);
        });
    }

    /** @param {() => Promise<unknown>} action its errors are sentences for the player */
    async reportFailure(action) {
        try {
            await action();
        } catch (problem) {
            this.store.report(problem);
        }
    }

    /** @param {string} text @param {string} done */
    async toClipboard(text, done) {
        try {
            await navigator.clipboard.writeText(text);
            this.notices.show(done);
        } catch {
            // No secure context or no permission: the player has to copy.
            const field = h('textarea', { value: text, readOnly: true, rows: 3, class: 'number', 'aria-label': 'Text to copy' });
            this.notices.ask('Copy this text', field);
            field.select();
        }
    }

    /** @param {boolean} next */
    swap(next) {
        void this.store.attempt({ type: 'swap', next });
    }

    /** @param {'random' | 'mutate'} type */
    randomize(type) {
        const { validity, value, valueAsNumber: seed } = this.seed;
        this.seed.setAttribute('aria-invalid', String(!validity.valid));
        if (validity.valid) void this.store.attempt({ type, ...value !== '' && { seed } });
        else this.store.emit('problem', `A seed is a whole number from 0 to ${groupDigits(MAX_SEED)}.`);
    }
}

/**
 * Returns the network's file in a text.
 * @param {string} text a file, or a link to one
 * @throws {Error} with a sentence for the player, if there is no network
 */
async function fileIn(text) {
    const trimmed = text.trim();
    const at = trimmed.indexOf('#n=');
    const file = at >= 0 && !trimmed.startsWith('{') ? await decodeLink(trimmed.slice(at)) : trimmed;
    if (!file?.startsWith('{')) throw new Error('This is not a network: a network file begins with {.');
    return file;
}

/** @param {EventTarget | null} target @returns {boolean} true for text fields */
function editing(target) {
    return target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
}

/** @param {string} id @param {string} label @param {string} title @param {() => void} onclick */
function button(id, label, title, onclick) {
    return h('button', { id, type: 'button', class: 'pill', title, onclick }, label);
}

/**
 * Downloads a file.
 * @param {Blob} file
 * @param {string} name
 */
export function save(file, name) {
    const href = URL.createObjectURL(file);
    h('a', { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
