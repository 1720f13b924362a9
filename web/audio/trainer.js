// Trainings of the instrument in the page: one at a time, in a worker of its own with the
// module of web/wasm/train, which is fetched when the first one begins.

import { Kind } from './module.js';

/** @import { Message } from './module.js' */

const FAILED = 'The page could not train this network.';
const REPLACED = 'A newer request has replaced this one.';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Trainer {
    /**
     * @param {() => Promise<ArrayBuffer>} fetchModule returns the contents of train.wasm
     * @param {(message: Message) => void} receive called with each message for the client
     */
    constructor(fetchModule, receive) {
        this.fetchModule = fetchModule;
        this.receive = receive;
        /** @type {ArrayBuffer | null} */
        this.module = null;
        /** @type {Worker | null} */
        this.worker = null;
        /** The id of the request whose training runs, or null. @type {number | null} */
        this.id = null;
    }

    /** Begins a training in place of any other. @param {Message} message from the instrument */
    async begin({ bytes }) {
        this.end(REPLACED);
        const id = Number(/^\[(\d+)/.exec(decoder.decode(bytes.subarray(0, 12)))?.[1]);
        this.id = id;
        try {
            this.module ??= await this.fetchModule();
            if (this.id !== id) return; // Ended meanwhile.
            this.worker = this.start();
            this.worker.postMessage({ module: this.module, bytes }, [bytes.buffer]);
        } catch (problem) {
            if (this.id === id) this.end(/** @type {Error} */ (problem).message);
        }
    }

    start() {
        const worker = new Worker(new URL('./trainer-worker.js', import.meta.url), { type: 'module' });
        worker.onmessage = ({ data: { bytes, last } }) => {
            if (last) this.close();
            this.receive({ kind: Kind.text, bytes });
        };
        worker.onerror = worker.onmessageerror = () => this.end(FAILED);
        return worker;
    }

    /** Ends the training, if there is one, and refuses its request. @param {string} [reason] */
    end(reason = 'Stopped.') {
        const { id } = this;
        this.close();
        if (id !== null) this.receive({ kind: Kind.text, bytes: encoder.encode(JSON.stringify({ type: 'refused', id, reason })) });
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.id = null;
    }
}
