// Jobs that take longer than the audio thread may wait, run in a worker.

import { Kind } from './module.js';

/** @import { Message } from './module.js' */

const REASON = 'The page could not work this out.';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A queue of jobs for a worker with its own module, which starts with the first job. */
export class JobQueue {
    /** @param {ArrayBuffer} bytes contents of gatebend.wasm */
    constructor(bytes) {
        this.bytes = bytes;
        /** @type {Worker | null} */
        this.worker = null;
        /** Unanswered jobs, in order. @type {{ refusal: Message, resolve: (answer: Message) => void }[]} */
        this.pending = [];
    }

    /**
     * Runs a job, or prepares a message. If the worker fails, the answer is a refusal.
     * @param {Message} job from the instrument
     * @returns {Promise<Message>} a message for the client, or of a message for the instrument
     */
    run(job) {
        const worker = (this.worker ??= this.start());
        const refusal = refuse(job);
        worker.postMessage(job, [job.bytes.buffer]);
        return new Promise((resolve) => this.pending.push({ refusal, resolve }));
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
        for (const { refusal, resolve } of pending) resolve(refusal);
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.pending = [];
    }
}

/** @param {Message} job @returns {Message} */
function refuse({ kind, bytes }) {
    if (kind === Kind.unprepared) return { kind: Kind.problem, bytes: encoder.encode(REASON) };
    // The first bytes hold the job's type and id.
    const id = Number(/"id":(\d+)/.exec(decoder.decode(bytes.subarray(0, 100)))?.[1]);
    return { kind: Kind.text, bytes: encoder.encode(JSON.stringify({ type: 'refused', id, reason: REASON })) };
}
