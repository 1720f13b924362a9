// Records a node's output to a 16-bit WAV file.

import { worklet } from './output.js';

/**
 * Converts frames to 16-bit samples, exactly as `gatebend play --wav` does.
 * @param {Float32Array} frames
 * @returns {Int16Array}
 */
export function rounded(frames) {
    // Rust rounds halves away from 0, JavaScript towards positive infinity.
    const round = (/** @type {number} */ x) => Math.sign(x) * Math.round(Math.abs(x));
    return Int16Array.from(frames, (x) => Math.max(-32_768, Math.min(32_767, round(x * 32_768))));
}

/**
 * Makes the header of a WAV file.
 * @param {number} count number of frames
 * @param {number} rate frames a second
 * @param {number} channels
 * @returns {ArrayBuffer}
 */
export function header(count, rate, channels) {
    const bytes = 2 * channels * count;
    const view = new DataView(new ArrayBuffer(44));
    /** @param {number} at @param {string} text */
    const letters = (at, text) => {
        for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
    };
    letters(0, 'RIFF');
    view.setUint32(4, 36 + bytes, true);
    letters(8, 'WAVEfmt ');
    view.setUint32(16, 16, true); // bytes in this chunk
    view.setUint16(20, 1, true); // integer samples
    view.setUint16(22, channels, true);
    view.setUint32(24, rate, true);
    view.setUint32(28, 2 * channels * rate, true);
    view.setUint16(32, 2 * channels, true);
    view.setUint16(34, 16, true);
    letters(36, 'data');
    view.setUint32(40, bytes, true);
    return view.buffer;
}

/** @param {Int16Array} left @param {Int16Array} right */
function interleaved(left, right) {
    return Int16Array.from({ length: 2 * left.length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1]);
}

/** A recording in progress. */
export class Recording {
    /** @param {number} rate frames a second */
    constructor(rate) {
        this.rate = rate;
        /** Left and right of each part; the same array if they are equal. @type {[Int16Array, Int16Array][]} */
        this.parts = [];
        this.count = 0;
    }

    /** @param {Float32Array[]} channels left and right */
    add([left, right]) {
        const first = rounded(left);
        const same = left.every((frame, i) => frame === right[i]);
        this.parts.push([first, same ? first : rounded(right)]);
        this.count += left.length;
    }

    /** Its length in seconds. */
    get seconds() {
        return this.count / this.rate;
    }

    /** @returns {Blob} the WAV file, with one channel if left and right are equal throughout */
    file() {
        const mono = this.parts.every(([left, right]) => left === right);
        const frames = this.parts.map(([left, right]) => (mono ? left : interleaved(left, right)));
        const parts = /** @type {BlobPart[]} */ ([header(this.count, this.rate, mono ? 1 : 2), ...frames]);
        return new Blob(parts, { type: 'audio/wav' });
    }
}

/**
 * Starts recording a node's output.
 * @param {AudioNode} source
 * @returns {Promise<{ recording: Recording, stop: () => Promise<Blob> }>}
 */
export async function record(source) {
    const context = /** @type {AudioContext} */ (source.context);
    const recording = new Recording(context.sampleRate);
    const node = await worklet(context, 'gatebend-tap', {
        numberOfOutputs: 0,
        channelCount: 2,
        channelCountMode: 'explicit',
    });
    if (node) {
        /** @type {(file: Blob) => void} */
        let done = () => {};
        const file = new Promise((/** @type {(file: Blob) => void} */ resolve) => {
            done = resolve;
        });
        node.port.onmessage = ({ data }) => {
            if (data) recording.add(data);
            else done(recording.file());
        };
        source.connect(node);
        return {
            recording,
            stop() {
                source.disconnect(node);
                node.port.postMessage(null);
                return file;
            },
        };
    }
    // Deprecated, but the only way without worklets.
    const tap = context.createScriptProcessor(4096, 2, 1);
    tap.onaudioprocess = ({ inputBuffer }) => recording.add([0, 1].map((channel) => inputBuffer.getChannelData(channel)));
    source.connect(tap);
    // Some browsers only call it while it is connected. Its output is silent.
    tap.connect(context.destination);
    return {
        recording,
        async stop() {
            source.disconnect(tap);
            tap.disconnect();
            return recording.file();
        },
    };
}
