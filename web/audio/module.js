// The Wasm module as JavaScript sees it: numbers, bytes and floats. Runs anywhere
// that has WebAssembly, an audio worklet too, and so knows of no texts.
//
// `web/wasm/src/lib.rs` is the other side.

/** What a call has to say. @enum {number} */
export const Kind = { nothing: 0, text: 1, binary: 2, problem: 3, work: 4 };

/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {(length: number) => number} inbox
 * @property {() => number} outbox
 * @property {() => number} outbox_length
 * @property {(rate: number) => number} create
 * @property {(frames: number) => number} render
 * @property {() => number} receive
 * @property {() => number} next_message
 * @property {() => number} work
 * @property {(t: number, count: number) => number} samples
 */

/** An instrument in a page. Nothing of it lasts longer than the module. */
export class Module {
    /** @param {WebAssembly.Module} module compiled from gatebend.wasm */
    constructor(module) {
        const { exports } = new WebAssembly.Instance(module, {});
        /** @type {Exports} */
        this.exports = /** @type {any} */ (exports);
    }

    /**
     * Writes a text, which the next call reads.
     * @param {Uint8Array} text UTF-8
     */
    write(text) {
        const at = this.exports.inbox(text.length);
        new Uint8Array(this.exports.memory.buffer, at, text.length).set(text);
    }

    /**
     * What the last call had to say; a copy.
     * @returns {Uint8Array}
     */
    said() {
        const { memory, outbox, outbox_length } = this.exports;
        return new Uint8Array(memory.buffer, outbox(), outbox_length()).slice();
    }

    /**
     * The next frames; a view that is good until the next call.
     * @param {number} frames
     * @returns {Float32Array}
     */
    render(frames) {
        const at = this.exports.render(frames);
        return new Float32Array(this.exports.memory.buffer, at, at ? frames : 0);
    }
}
