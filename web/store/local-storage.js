// Saves what is played in the page in the browser (IndexedDB), since the instrument in the
// page ends with the page.

import { Refusal } from '../link/connection.js';
import { restore } from './instrument-link.js';

/** @import { Store } from './store.js' */
/** @import { Connection } from '../link/connection.js' */

/** The database and its one object store, which has the keys `played` and `presets`. */
const DATABASE = 'gatebend';
const ALONE = 'alone';

export class LocalStorage {
    /** @param {Store} store */
    constructor(store) {
        this.store = store;
        /** @type {Promise<IDBDatabase> | undefined} */
        this.database = undefined;
        /** Snapshots by the names of presets. @type {Map<string, string>} */
        this.presets = new Map();
        /** Snapshots of deleted presets, which may come back. @type {Map<string, string>} */
        this.deleted = new Map();
        /** Names of the presets that were last taken from the deleted ones. @type {string[]} */
        this.back = [];
        /** True once the player knows that nothing can be saved. */
        this.reported = false;
        const alone = (/** @type {(event: CustomEvent) => void} */ handle) => (/** @type {Event} */ event) => {
            if (store.connection.mode === 'alone') handle(/** @type {CustomEvent} */ (event));
        };
        store.addEventListener('snapshot', alone(({ detail }) => void this.put('played', detail)));
        store.addEventListener('presets', alone(({ detail }) => void this.updatePresets(detail)));
        store.addEventListener('done', alone(({ detail: { type, name } }) => {
            // A preset that is replaced does not change the list of names, and a new one may
            // have the name of a deleted one.
            if (type === 'replace-preset' || (type === 'save-preset' && this.back.includes(name))) void this.savePresets([name]);
        }));
    }

    /**
     * Loads the saved presets into an instrument that has just started in the page, and
     * what was played when the page was closed.
     * @param {Connection} next
     * @returns {Promise<boolean>} true if the instrument plays that
     */
    async prepare(next) {
        this.presets = await this.get('presets') ?? new Map();
        if (this.presets.size > 0) {
            const first = await next.request({ type: 'snapshot' });
            for (const [name, snapshot] of this.presets) {
                try {
                    await next.request({ type: 'restore', snapshot });
                    await next.request({ type: 'save-preset', name });
                } catch (problem) {
                    // One bad preset is no reason to lose the others.
                    if (!(problem instanceof Refusal)) throw problem;
                }
            }
            if (first.type === 'snapshot') await next.request({ type: 'restore', snapshot: first.snapshot, t: first.t });
        }
        // After the instrument in the page has stopped, the page itself knows what it played.
        const played = this.store.connection.mode === 'alone' ? null : await this.get('played');
        if (!played) return false;
        try {
            await restore(next, played, () => ({}));
            return true;
        } catch (problem) {
            if (!(problem instanceof Refusal)) throw problem;
            this.store.emit('problem', `What you last played in this page cannot be restored: ${problem.message}`);
            await this.clear();
            return false;
        }
    }

    /** Deletes what was played, since it plays on elsewhere; keeps the presets. */
    async clear() {
        await this.access('readwrite', (objects) => objects.delete('played'));
    }

    /** @param {string[]} names of all presets of the instrument */
    async updatePresets(names) {
        const gone = [...this.presets.keys()].filter((name) => !names.includes(name));
        const added = names.filter((name) => !this.presets.has(name));
        const back = added.filter((name) => this.deleted.has(name));
        move(gone, this.presets, this.deleted);
        move(back, this.deleted, this.presets);
        this.back = back;
        if (gone.length + back.length > 0) await this.put('presets', this.presets);
        await this.savePresets(added.filter((name) => !back.includes(name)));
    }

    /** @param {string[]} names of presets that hold what plays now */
    async savePresets(names) {
        if (names.length === 0) return;
        const reply = await this.store.request({ type: 'snapshot' }).catch(() => null);
        if (reply?.type !== 'snapshot') return;
        for (const name of names) this.presets.set(name, reply.snapshot);
        await this.put('presets', this.presets);
    }

    /** @param {string} key */
    get(key) {
        return this.access('readonly', (objects) => objects.get(key));
    }

    /** @param {string} key @param {unknown} value */
    put(key, value) {
        return this.access('readwrite', (objects) => objects.put(value, key));
    }

    /**
     * @param {IDBTransactionMode} mode
     * @param {(objects: IDBObjectStore) => IDBRequest} start
     * @returns {Promise<any>} undefined if the browser saves nothing
     */
    async access(mode, start) {
        try {
            this.database ??= open();
            const transaction = (await this.database).transaction(ALONE, mode);
            return await result(start(transaction.objectStore(ALONE)));
        } catch {
            if (!this.reported) {
                this.store.emit('problem', 'This browser keeps nothing for the page: save files of what you want to keep.');
            }
            this.reported = true;
            return undefined;
        }
    }
}

/**
 * Moves entries from a map to another one.
 * @param {string[]} keys
 * @param {Map<string, string>} from
 * @param {Map<string, string>} to
 */
function move(keys, from, to) {
    for (const key of keys) {
        to.set(key, from.get(key) ?? '');
        from.delete(key);
    }
}

/** @returns {Promise<IDBDatabase>} */
async function open() {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ALONE);
    return result(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function result(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
