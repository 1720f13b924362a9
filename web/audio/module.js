// The WebAssembly module as JavaScript sees it: numbers, bytes and floats. Texts are bytes,
// because an audio worklet has no TextDecoder.
//
// `web/wasm/src/lib.rs` is the other side.

/** Kinds of bytes that go into the module and come out of it. @enum {number} */
export const Kind = { nothing: 0, text: 1, binary: 2, problem: 3, job: 4, unprepared: 5, prepared: 6, train: 7, stopTraining: 8 };

/**
 * Bytes and their kind, which can be posted between threads.
 * @typedef {{ kind: number, bytes: Uint8Array }} Message
 *
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(length: number) => number} inbox
 * @property {() => number} outbox
 * @property {() => number} outbox_length
 * @property {(rate: number) => number} create
 * @property {(frames: number) => number} hear
 * @property {(frames: number) => number} render
 * @property {(kind: number) => number} receive
 * @property {() => number} next_message
 * @property {() => number} work
 * @property {() => number} prepare
 * @property {(t: number, count: number) => number} samples
 */

/** An instance of the module, with at most one instrument. */
export class Module {
    /** @param {WebAssembly.Module} module gatebend.wasm, compiled */
    constructor(module) {
        const { exports } = new WebAssembly.Instance(module, {});
        /** @type {Exports} */
        this.exports = /** @type {any} */ (exports);
    }

    /**
     * Writes the bytes that the next call reads.
     * @param {Uint8Array} bytes
     */
    write(bytes) {
        const at = this.exports.inbox(bytes.length);
        new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
    }

    /**
     * Copies the output of the last call.
     * @returns {Uint8Array}
     */
    output() {
        const { memory, outbox, outbox_length } = this.exports;
        return new Uint8Array(memory.buffer, outbox(), outbox_length()).slice();
    }

    /**
     * Renders the next frames into views that are valid until the next call.
     * @param {number} frames
     * @param {Float32Array[]} [input] the audio input of these frames: left and right, one
     *   channel for both, or nothing, which is silence
     * @returns {Float32Array[]} left and right; empty if there is no instrument
     */
    render(frames, input = []) {
        const { memory, hear, render } = this.exports;
        const channels = (/** @type {number} */ at) =>
            [0, 1].map((channel) => new Float32Array(memory.buffer, at + 4 * frames * channel, at ? frames : 0));
        if (input.length > 0) channels(hear(frames)).forEach((channel, i) => channel.set(input[i] ?? input[0]));
        return channels(render(frames));
    }
}
