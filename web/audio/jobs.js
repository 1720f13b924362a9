// Jobs that take longer than the audio thread may wait, run in a worker.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A queue of jobs for a worker with its own module, which starts with the first job. */
export class JobQueue {
    /** @param {ArrayBuffer} bytes contents of gatebend.wasm */
    constructor(bytes) {
        this.bytes = bytes;
        /** @type {Worker | null} */
        this.worker = null;
        /** Unanswered jobs, in order. @type {{ id: number, resolve: (answer: Uint8Array) => void }[]} */
        this.pending = [];
    }

    /**
     * Runs a job. If the worker fails, the answer is a refusal.
     * @param {Uint8Array} job JSON from the instrument
     * @returns {Promise<Uint8Array>} a message for the client, UTF-8
     */
    run(job) {
        const worker = (this.worker ??= this.start());
        const id = idOf(job);
        worker.postMessage(job, [job.buffer]);
        return new Promise((resolve) => this.pending.push({ id, resolve }));
    }

    start() {
        const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
        worker.onmessage = ({ data }) => this.pending.shift()?.resolve(data);
        worker.onerror = worker.onmessageerror = () => this.fail();
        worker.postMessage(this.bytes);
        return worker;
    }

    /** Refuses all pending jobs; the next job starts another worker. */
    fail() {
        const { pending } = this;
        this.close();
        const reason = 'The page could not work this out.';
        for (const { id, resolve } of pending) resolve(encoder.encode(JSON.stringify({ type: 'refused', id, reason })));
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.pending = [];
    }
}

/**
 * Reads a job's id from its first bytes, which hold its type and id.
 * @param {Uint8Array} job
 */
function idOf(job) {
    return Number(/"id":(\d+)/.exec(decoder.decode(job.subarray(0, 100)))?.[1]);
}
