// What runs in the audio thread: the instrument itself, the player of a streamed
// sound, and the tap of a recording. Bytes only; this scope has no decoders of texts.

import { Jitter } from './jitter.js';
import { Kind, Module } from './module.js';

const scope = /** @type {any} */ (globalThis);

/** From one look for messages to the next: some 30 a second. */
const TELL_SECONDS = 1 / 30;

/**
 * The instrument. Takes a client's messages as bytes; gives `{ kind, bytes }`, kinds
 * as in module.js.
 */
class Alone extends scope.AudioWorkletProcessor {
    /** @param {{ processorOptions: { bytes: ArrayBuffer } }} options */
    constructor(options) {
        super();
        // Not compiled before, since not every browser lets compiled modules in here.
        const compiled = new WebAssembly.Module(options.processorOptions.bytes);
        this.module = new Module(compiled);
        this.until = 0;
        this.on = this.say(this.module.exports.create(scope.sampleRate));
        /** @param {MessageEvent<Uint8Array | null>} event a message; null is the end */
        this.port.onmessage = ({ data }) => {
            if (!this.on) return;
            if (data) {
                this.module.write(data);
                this.say(this.module.exports.receive());
            } else {
                this.on = false;
            }
        };
    }

    /**
     * Passes on what a call had to say.
     * @param {number} kind
     * @returns {boolean} that it was no problem
     */
    say(kind) {
        if (kind !== Kind.nothing) {
            const bytes = this.module.said();
            this.port.postMessage({ kind, bytes }, [bytes.buffer]);
        }
        return kind !== Kind.problem;
    }

    /**
     * @param {Float32Array[][]} _
     * @param {Float32Array[][]} outputs
     */
    process(_, outputs) {
        if (!this.on) return false;
        const [first, ...others] = outputs[0];
        first.set(this.module.render(first.length));
        for (const other of others) other.set(first);
        this.until -= first.length;
        if (this.until <= 0) {
            this.until += TELL_SECONDS * scope.sampleRate;
            let kind;
            while ((kind = this.module.exports.next_message()) !== Kind.nothing) this.say(kind);
        }
        return true;
    }
}

/** Plays what comes as `{ first, frames }`: see jitter.js. Null is the end. */
class Streamed extends scope.AudioWorkletProcessor {
    constructor() {
        super();
        this.jitter = new Jitter(scope.sampleRate);
        this.on = true;
        this.port.onmessage = (/** @type {MessageEvent} */ { data }) => {
            if (data) this.jitter.push(data.first, data.frames);
            else this.on = false;
        };
    }

    /**
     * @param {Float32Array[][]} _
     * @param {Float32Array[][]} outputs
     */
    process(_, outputs) {
        const [first, ...others] = outputs[0];
        this.jitter.pull(first);
        for (const other of others) other.set(first);
        return this.on;
    }
}

/** Posts what passes by, some blocks at a time. A message is the end. */
class Tap extends scope.AudioWorkletProcessor {
    constructor() {
        super();
        this.frames = new Float32Array(4096);
        this.filled = 0;
        this.on = true;
        this.port.onmessage = () => {
            this.post();
            this.port.postMessage(null);
            this.on = false;
        };
    }

    post() {
        const frames = this.frames.slice(0, this.filled);
        this.port.postMessage(frames, [frames.buffer]);
        this.filled = 0;
    }

    /** @param {Float32Array[][]} inputs */
    process(inputs) {
        const frames = inputs[0][0];
        if (frames && this.on) {
            if (this.filled + frames.length > this.frames.length) this.post();
            this.frames.set(frames, this.filled);
            this.filled += frames.length;
        }
        return this.on;
    }
}

scope.registerProcessor('gatebend-alone', Alone);
scope.registerProcessor('gatebend-streamed', Streamed);
scope.registerProcessor('gatebend-tap', Tap);
