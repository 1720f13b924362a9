// What was played alone, kept by the browser: a page that is closed or loaded anew
// loses none of it. The instrument in the page lasts no longer than the page does.

import { Refusal } from '../link/connection.js';
import { restore } from './store.js';

/** @import { Store } from './store.js' */
/** @import { Connection } from '../link/connection.js' */

/** The database, and what is in it by these keys: `played` and `presets`. */
const NAME = 'gatebend';
const ALONE = 'alone';

export class LocalStorage {
    /** @param {Store} store */
    constructor(store) {
        this.store = store;
        /** @type {Promise<IDBDatabase> | undefined} */
        this.base = undefined;
        /** Snapshots by the presets' names. @type {Map<string, string>} */
        this.presets = new Map();
        /** That nothing is kept was said. */
        this.said = false;
        const alone = (/** @type {(event: CustomEvent) => void} */ does) => (/** @type {Event} */ event) => {
            if (store.connection.how === 'alone') does(/** @type {CustomEvent} */ (event));
        };
        store.addEventListener('kept', alone(({ detail }) => void this.put('played', detail)));
        store.addEventListener('presets', alone(({ detail }) => void this.follow(detail)));
        // Kept again by the same name, none is new.
        store.addEventListener('done', alone(({ detail: { type, name } }) => {
            if (type === 'save-preset' && name) void this.take([name]);
        }));
    }

    /**
     * Brings to an instrument that was just switched on in the page its presets, and what
     * was played alone when the page was closed.
     * @param {Connection} next
     * @returns {Promise<boolean>} whether it plays that
     */
    async furnish(next) {
        this.presets = await this.get('presets') ?? new Map();
        if (this.presets.size > 0) {
            const first = await next.ask({ type: 'snapshot' });
            for (const [name, snapshot] of this.presets) {
                try {
                    await next.ask({ type: 'restore', snapshot });
                    await next.ask({ type: 'save-preset', name });
                } catch (problem) {
                    // It was good once; the others may still be.
                    if (!(problem instanceof Refusal)) throw problem;
                }
            }
            if (first.type === 'snapshot') await next.ask({ type: 'restore', snapshot: first.snapshot, t: first.t });
        }
        // The one that stopped was played on until then, and the page knows it.
        const played = this.store.connection.how === 'alone' ? null : await this.get('played');
        if (!played) return false;
        try {
            await restore(next, played, () => ({}));
            return true;
        } catch (problem) {
            if (!(problem instanceof Refusal)) throw problem;
            this.store.tell('problem', `What was played in this page is not to be had any more: ${problem.message}`);
            await this.clear();
            return false;
        }
    }

    /** What was played is played on elsewhere; presets stay. */
    async clear() {
        await this.reach('readwrite', (all) => all.delete('played'));
    }

    // What follows is the shelf's own.

    /** @param {string[]} names of all presets now */
    async follow(names) {
        const gone = [...this.presets.keys()].filter((name) => !names.includes(name));
        for (const name of gone) this.presets.delete(name);
        if (gone.length > 0) await this.put('presets', this.presets);
        await this.take(names.filter((name) => !this.presets.has(name)));
    }

    /** @param {string[]} names of presets that are what is played now */
    async take(names) {
        if (names.length === 0) return;
        const told = await this.store.ask({ type: 'snapshot' }).catch(() => null);
        if (told?.type !== 'snapshot') return;
        for (const name of names) this.presets.set(name, told.snapshot);
        await this.put('presets', this.presets);
    }

    /** @param {string} key */
    get(key) {
        return this.reach('readonly', (all) => all.get(key));
    }

    /** @param {string} key @param {unknown} value */
    put(key, value) {
        return this.reach('readwrite', (all) => all.put(value, key));
    }

    /**
     * @param {IDBTransactionMode} mode
     * @param {(all: IDBObjectStore) => IDBRequest} does
     * @returns {Promise<any>} nothing, where the browser keeps nothing
     */
    async reach(mode, does) {
        try {
            this.base ??= base();
            const transaction = (await this.base).transaction(ALONE, mode);
            return await finished(does(transaction.objectStore(ALONE)));
        } catch {
            if (!this.said) {
                this.store.tell('problem', 'The browser keeps nothing for this page: save as files what is to outlast it.');
            }
            this.said = true;
            return undefined;
        }
    }
}

/** @returns {Promise<IDBDatabase>} */
async function base() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ALONE);
    return finished(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function finished(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
