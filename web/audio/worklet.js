// Processors of the audio thread: the standalone instrument, the player of streamed sound and
// the tap of a recording. Messages stay bytes, because this scope has no TextDecoder.

import { JitterBuffer } from './jitter.js';
import { Kind, Module } from './module.js';

const scope = /** @type {any} */ (globalThis);

/** Interval at which messages of the instrument are forwarded. */
const MESSAGE_SECONDS = 1 / 30;

/** The instrument. Receives and posts messages of module.js. */
class Standalone extends scope.AudioWorkletProcessor {
    /** @param {{ processorOptions: { bytes: ArrayBuffer } }} options */
    constructor(options) {
        super();
        // Compiled here because not every browser can send a compiled module to a worklet.
        const compiled = new WebAssembly.Module(options.processorOptions.bytes);
        this.module = new Module(compiled);
        /** Frames until messages are forwarded. */
        this.until = 0;
        this.on = this.forward(this.module.exports.create(scope.sampleRate));
        /** @param {MessageEvent<import('./module.js').Message | null>} event null ends the instrument */
        this.port.onmessage = ({ data }) => {
            if (!this.on) return;
            if (data) {
                this.module.write(data.bytes);
                this.forward(this.module.exports.receive(data.kind));
            } else {
                this.on = false;
            }
        };
    }

    /**
     * Posts a call's output.
     * @param {number} kind
     * @returns {boolean} false if it is a problem
     */
    forward(kind) {
        if (kind !== Kind.nothing) {
            const bytes = this.module.output();
            this.port.postMessage({ kind, bytes }, [bytes.buffer]);
        }
        return kind !== Kind.problem;
    }

    /**
     * @param {Float32Array[][]} inputs
     * @param {Float32Array[][]} outputs left and right
     */
    process([input], [output]) {
        if (!this.on) return false;
        const frames = output[0].length;
        const rendered = this.module.render(frames, input);
        output.forEach((channel, i) => channel.set(rendered[i]));
        this.until -= frames;
        if (this.until <= 0) {
            this.until += MESSAGE_SECONDS * scope.sampleRate;
            let kind;
            while ((kind = this.module.exports.next_message()) !== Kind.nothing) this.forward(kind);
        }
        return true;
    }
}

/** Plays messages `{ first, frames }` through a jitter buffer; null ends it. */
class Streamed extends scope.AudioWorkletProcessor {
    /** @param {{ processorOptions?: { delay?: number } }} options */
    constructor(options) {
        super();
        this.buffer = new JitterBuffer(scope.sampleRate, options?.processorOptions?.delay);
        this.on = true;
        this.port.onmessage = (/** @type {MessageEvent} */ { data }) => {
            if (data) this.buffer.push(data.first, data.frames);
            else this.on = false;
        };
    }

    /**
     * @param {Float32Array[][]} _
     * @param {Float32Array[][]} outputs
     */
    process(_, outputs) {
        const [first, ...others] = outputs[0];
        this.buffer.pull(first);
        for (const other of others) other.set(first);
        return this.on;
    }
}

/** Posts every frame of its input, left and right, thousands at a time; a message ends it. */
class Tap extends scope.AudioWorkletProcessor {
    constructor() {
        super();
        this.channels = [new Float32Array(4096), new Float32Array(4096)];
        this.filled = 0;
        this.on = true;
        this.port.onmessage = () => {
            this.post();
            this.port.postMessage(null);
            this.on = false;
        };
    }

    post() {
        const channels = this.channels.map((channel) => channel.slice(0, this.filled));
        this.port.postMessage(channels, channels.map(({ buffer }) => buffer));
        this.filled = 0;
    }

    /** @param {Float32Array[][]} inputs */
    process([input]) {
        if (input.length > 0 && this.on) {
            const frames = input[0].length;
            if (this.filled + frames > this.channels[0].length) this.post();
            this.channels.forEach((channel, i) => channel.set(input[i], this.filled));
            this.filled += frames;
        }
        return this.on;
    }
}

scope.registerProcessor('gatebend-standalone', Standalone);
scope.registerProcessor('gatebend-streamed', Streamed);
scope.registerProcessor('gatebend-tap', Tap);
