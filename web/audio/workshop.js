// Requests that take longer than the audio may wait, done by a worker.

/** A worker with a module of its own, which is started when it is first needed. */
export class Workshop {
    /** @param {ArrayBuffer} bytes gatebend.wasm */
    constructor(bytes) {
        this.bytes = bytes;
        /** @type {Worker | null} */
        this.worker = null;
        /** Who waits for an answer, in the order in which they come. @type {((answer: Uint8Array) => void)[]} */
        this.waiting = [];
    }

    /**
     * @param {Uint8Array} request as the instrument has put it
     * @returns {Promise<Uint8Array>} a message for the client, UTF-8
     */
    ask(request) {
        if (!this.worker) {
            this.worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
            this.worker.onmessage = ({ data }) => this.waiting.shift()?.(data);
            this.worker.postMessage(this.bytes);
        }
        this.worker.postMessage(request, [request.buffer]);
        return new Promise((answer) => this.waiting.push(answer));
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.waiting = [];
    }
}
