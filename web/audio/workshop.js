// Requests that take longer than the audio may wait, done by a worker.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A worker with a module of its own, which is started when it is needed. */
export class Workshop {
    /** @param {ArrayBuffer} bytes gatebend.wasm */
    constructor(bytes) {
        this.bytes = bytes;
        /** @type {Worker | null} */
        this.worker = null;
        /** Who waits for an answer, in the order in which they come. @type {{ id: number, answer: (answer: Uint8Array) => void }[]} */
        this.waiting = [];
    }

    /**
     * @param {Uint8Array} request as the instrument has put it
     * @returns {Promise<Uint8Array>} a message for the client, UTF-8
     */
    ask(request) {
        const worker = (this.worker ??= this.start());
        const id = asked(request);
        worker.postMessage(request, [request.buffer]);
        return new Promise((answer) => this.waiting.push({ id, answer }));
    }

    start() {
        const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
        worker.onmessage = ({ data }) => this.waiting.shift()?.answer(data);
        worker.onerror = worker.onmessageerror = () => this.broke();
        worker.postMessage(this.bytes);
        return worker;
    }

    /** Who waits is refused; who asks next has another worker. */
    broke() {
        const { waiting } = this;
        this.close();
        const reason = 'The page could not work this out.';
        for (const { id, answer } of waiting) answer(encoder.encode(JSON.stringify({ type: 'refused', id, reason })));
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.waiting = [];
    }
}

/**
 * The id of a request, which begins with its type and this.
 * @param {Uint8Array} request
 */
function asked(request) {
    return Number(/"id":(\d+)/.exec(decoder.decode(request.subarray(0, 100)))?.[1]);
}
