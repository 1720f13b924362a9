// Jobs that take longer than the audio thread may wait, run in a worker: one at a time. Of the
// jobs of a kind, only the newest waits, and a running one ends if a newer one comes.

import { Kind } from './module.js';

/** @import { Message } from './module.js' */

/** A job with the bytes to send, its type, and the receiver of the answer.
 * @typedef {{ job: Message, type: string, id: number, resolve: (answer: Message) => void }} Entry */

/** A waveform that has been drawn for less long is finished: a worker takes as long to start. */
const SHORT_MILLISECONDS = 500;
const FAILED = 'The page could not work this out.';
const REPLACED = 'A newer request has replaced this one.';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A queue of jobs for a worker with its own module, which starts with the first job. */
export class JobQueue {
    /**
     * @param {ArrayBuffer} bytes contents of gatebend.wasm
     * @param {() => number} now the time in milliseconds
     */
    constructor(bytes, now = () => performance.now()) {
        this.bytes = bytes;
        this.now = now;
        /** Time at which the running job was sent to the worker. */
        this.since = 0;
        /** @type {Worker | null} */
        this.worker = null;
        /** The job that the worker runs. @type {Entry | null} */
        this.running = null;
        /** Jobs that wait, in order. @type {Entry[]} */
        this.waiting = [];
    }

    /**
     * Runs a job, or prepares a message. If the worker fails, the answer is a refusal.
     * @param {Message} job from the instrument
     * @returns {Promise<Message>} a message for the client, or of a message for the instrument
     */
    run(job) {
        const { type, id } = headOf(job);
        return new Promise((resolve) => {
            const entry = { job, type, id, resolve };
            // Messages to be prepared have no type: each is wanted.
            const older = type === '' ? -1 : this.waiting.findIndex((other) => other.type === type);
            if (older >= 0) this.waiting.splice(older, 1).forEach((other) => other.resolve(refusal(other, REPLACED)));
            this.waiting.push(entry);
            if (this.running?.type === type && this.isLong()) this.stop(REPLACED);
            this.next();
        });
    }

    /** Returns true if the running job is worth ending for a newer one. */
    isLong() {
        const type = this.running?.type;
        return type === 'compile' || type === 'waveform' && this.now() - this.since >= SHORT_MILLISECONDS;
    }

    /** Sends the next job to the worker, if it is free. */
    next() {
        if (this.running) return;
        this.running = this.waiting.shift() ?? null;
        if (!this.running) return;
        const { job } = this.running;
        this.since = this.now();
        (this.worker ??= this.start()).postMessage(job, [job.bytes.buffer]);
    }

    start() {
        const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
        worker.onmessage = ({ data }) => {
            this.running?.resolve(data);
            this.running = null;
            this.next();
        };
        worker.onerror = worker.onmessageerror = () => {
            this.stop(FAILED);
            this.next();
        };
        worker.postMessage(this.bytes);
        return worker;
    }

    /** Ends the worker and refuses its job; the next job starts another one. @param {string} reason */
    stop(reason) {
        const { running } = this;
        this.worker?.terminate();
        this.worker = null;
        this.running = null;
        running?.resolve(refusal(running, reason));
    }

    close() {
        this.worker?.terminate();
        this.worker = null;
        this.running = null;
        this.waiting = [];
    }
}

/** Returns a job's type and id, which its first bytes hold; '' for a message to be prepared. @param {Message} job */
function headOf({ kind, bytes }) {
    if (kind === Kind.unprepared) return { type: '', id: 0 };
    const head = decoder.decode(bytes.subarray(0, 100));
    return { type: /"type":"([a-z-]+)"/.exec(head)?.[1] ?? '', id: Number(/"id":(\d+)/.exec(head)?.[1]) };
}

/** @param {Entry} entry @param {string} reason @returns {Message} */
function refusal({ job, id }, reason) {
    if (job.kind === Kind.unprepared) return { kind: Kind.problem, bytes: encoder.encode(reason) };
    return { kind: Kind.text, bytes: encoder.encode(JSON.stringify({ type: 'refused', id, reason })) };
}
