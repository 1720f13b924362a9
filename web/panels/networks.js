// Networks: of the library, of files, of links, of chance.

import { h, on, refill } from '../ui/dom.js';
import { MAX_BYTES } from '../link/connection.js';
import { describe, withBends, encodeLink, decodeLink } from '../ui/network-file.js';
import { fileName, groupDigits } from '../ui/format.js';
import { controls } from './control.js';

/** @import { Store } from '../store/store.js' */
/** @import { Notices } from './notices.js' */

/** Parameters of how one network follows another. */
const SWAPS = /^(swap|fade|crossfade)$/;
const MOST_SEED = 2 ** 32 - 1;
/** As much of a name is told, of a file that anybody may have made. */
const MOST_NAME = 60;
/** Addresses that mean the computer itself. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

export class Networks {
    /** @param {HTMLElement} element @param {Store} store @param {Notices} notices */
    constructor(element, store, notices) {
        this.store = store;
        this.notices = notices;
        this.file = h('input', {
            type: 'file', id: 'file', accept: '.json,application/json', class: 'sr', tabIndex: -1, 'aria-hidden': 'true',
            onchange: () => {
                const [file] = this.file.files ?? [];
                if (file) void this.open(file);
                this.file.value = '';
            },
        });
        this.seed = h('input', {
            id: 'seed', type: 'number', class: 'number', min: '0', max: String(MOST_SEED), step: '1', placeholder: 'any',
        });
        const list = h('ul', { id: 'library', class: 'list', 'aria-label': 'Library' });
        const what = h('p', { id: 'about', class: 'soft' });
        const swaps = h('div', { class: 'controls', id: 'swaps' });
        element.append(
            what,
            h('div', { class: 'buttons' },
                button('previous-network', 'Previous', 'Previous network ([)', () => this.swap(false)),
                button('next-network', 'Next', 'Next network (])', () => this.swap(true))),
            list,
            h('div', { class: 'line' },
                button('random', 'Random', 'A random network (N)', () => this.chance('random')),
                button('mutate', 'Mutate', 'A few gates changed by chance (M)', () => this.chance('mutate')),
                h('label', { for: 'seed' }, 'Seed'), this.seed),
            h('div', { class: 'buttons', id: 'files' },
                button('open', 'Open', 'Open a file (O); files can be dropped onto the page, too', () => this.choose()),
                button('save', 'Save', 'Save as a file, with the bends (S)', () => this.save()),
                button('copy', 'Copy', 'Copy as text, with the bends (Ctrl C)', () => void this.copy()),
                button('paste', 'Paste', 'Play a network that was copied (Ctrl V)', () => void this.paste()),
                button('share', 'Share', 'A link that has all of the network in it', () => void this.share())),
            swaps, this.file,
        );
        controls(store, swaps, 'swap', (row) => SWAPS.test(row.key));
        on(store, ['library'], () => {
            const { names = [], place = -1 } = store.state.library ?? {};
            refill(list, ...names.map((name, i) => h('li', {}, h('button', {
                type: 'button', class: 'item', 'aria-current': i === place ? 'true' : undefined,
                onclick: () => void store.attempt({ type: 'choose', place: i }),
            }, name))));
            const current = /** @type {HTMLElement | null} */ (list.querySelector('[aria-current]'));
            // Only within the list: the page itself stays where it is.
            if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
        });
        const title = document.getElementById('network-name');
        on(store, ['network'], () => {
            const { name, description, gates, inputs, rate } = describe(store.state.network?.file);
            if (title) title.textContent = name;
            document.title = name ? `${name} · Gatebend` : 'Gatebend';
            what.textContent = gates
                ? `${description || name}${/[.!?]$/.test(description || name) ? '' : '.'} ${groupDigits(gates)} gates, ${inputs} inputs, ${groupDigits(rate)} Hz.`
                : '';
        });
        this.listen();
        void this.follow();
    }

    /** Files that are dropped, texts that are pasted or copied, links that are opened. */
    listen() {
        const over = (/** @type {DragEvent} */ event) => {
            if (![...event.dataTransfer?.types ?? []].some((type) => type === 'Files' || type === 'text/plain')) return;
            event.preventDefault();
            document.body.classList.add('dropping');
        };
        const out = () => document.body.classList.remove('dropping');
        addEventListener('dragover', over);
        addEventListener('dragleave', (event) => { if (!event.relatedTarget) out(); });
        addEventListener('drop', (event) => {
            out();
            const [file] = event.dataTransfer?.files ?? [];
            // A text may be meant for the field that it is dropped on; a file never is, and
            // the browser would leave the page for it.
            if (!file && editing(event.target)) return;
            event.preventDefault();
            if (file) void this.open(file);
            else void this.load(event.dataTransfer?.getData('text/plain') ?? '');
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
            this.notices.show('The network is copied.');
        });
        addEventListener('hashchange', () => void this.follow());
    }

    /** What is heard, as a file's text. */
    text() {
        const { network, layers } = this.store.state;
        return network ? withBends(network.file, layers) : '';
    }

    /** @param {string} network a file, or a link to one */
    async load(network) {
        await this.trying(async () => this.store.request({ type: 'load', network: await fileIn(network) }));
    }

    /**
     * Plays what the page's own link has in it: at once where nothing plays yet, else if
     * the player wants it. Any page of the web can lead here by a link.
     */
    async follow() {
        const { hash } = location;
        if (!hash.startsWith('#n=')) return;
        // Not again when the page is loaded anew, over what was played since.
        history.replaceState(null, '', location.pathname + location.search);
        await this.trying(async () => {
            const { store } = this;
            const file = await fileIn(hash);
            const play = () => void this.load(file);
            const first = !store.welcome;
            if (first) await new Promise((resolve) => { store.addEventListener('welcome', resolve, { once: true }); });
            if (first && store.connection.mode === 'alone') play();
            else this.notices.offer(`This link has the network “${describe(file).name.slice(0, MOST_NAME)}”.`, 'Play it', play);
        });
    }

    choose() {
        this.file.click();
    }

    /** @param {File} file */
    async open(file) {
        if (file.size > MAX_BYTES) {
            this.store.emit('problem', `${file.name} is too large: a network has at most ${MAX_BYTES / 1e6} MB.`);
            return;
        }
        await this.load(await file.text());
    }

    save() {
        const file = new Blob([this.text()], { type: 'application/json' });
        save(file, `${fileName(describe(this.store.state.network?.file).name)}.json`);
    }

    async copy() {
        await this.toClipboard(this.text(), 'The network is copied.');
    }

    async paste() {
        /** @type {string} */
        let text;
        try {
            text = await navigator.clipboard.readText();
        } catch {
            // Not a secure context, or not allowed: to be pasted by hand.
            const field = h('textarea', {
                rows: 3, class: 'number', 'aria-label': 'To paste into', oninput: () => {
                    notice.remove();
                    void this.load(field.value);
                },
            });
            const notice = this.notices.show('Paste the network or its link here:', {}, 60);
            notice.append(field);
            field.focus();
            return;
        }
        await this.load(text);
    }

    async share() {
        await this.trying(async () => {
            const link = location.origin + location.pathname + await encodeLink(this.text());
            await this.toClipboard(link, `The link is copied: ${groupDigits(link.length)} letters.`);
            if (LOOPBACK.test(location.hostname)) {
                this.notices.show('It opens on this computer only; others paste it into their own Gatebend.');
            }
        });
    }

    /** @param {() => Promise<unknown>} does what may fail with a sentence for the player */
    async trying(does) {
        try {
            await does();
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
            // Not a secure context, or not allowed: to be copied by hand.
            const field = h('textarea', { value: text, readOnly: true, rows: 3, class: 'number', 'aria-label': 'To copy' });
            this.notices.show('Copy it from here:', {}, 60).append(field);
            field.select();
        }
    }

    /** @param {boolean} next */
    swap(next) {
        void this.store.attempt({ type: 'swap', next });
    }

    /** @param {'random' | 'mutate'} type */
    chance(type) {
        const seed = this.seed.valueAsNumber;
        const said = Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED;
        void this.store.attempt({ type, ...said && { seed } });
    }
}

/**
 * The network's file in a text.
 * @param {string} text a file, or a link to one
 * @throws {Error} in a sentence, if there is none
 */
async function fileIn(text) {
    const trimmed = text.trim();
    const at = trimmed.indexOf('#n=');
    const file = at >= 0 && !trimmed.startsWith('{') ? await decodeLink(trimmed.slice(at)) : trimmed;
    if (!file?.startsWith('{')) throw new Error('This is no network: a network\'s file begins with {.');
    return file;
}

/** @param {EventTarget | null} target */
function editing(target) {
    return target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
}

/** @param {string} id @param {string} word @param {string} title @param {() => void} onclick */
function button(id, word, title, onclick) {
    return h('button', { id, type: 'button', class: 'pill', title, onclick }, word);
}

/**
 * Saves a file where the browser saves files.
 * @param {Blob} file
 * @param {string} name
 */
export function save(file, name) {
    const href = URL.createObjectURL(file);
    h('a', { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
