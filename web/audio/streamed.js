// Plays the sound that a connected desk streams: a node, fed by binary frames.

import { Jitter } from './jitter.js';
import { AHEAD_SECONDS, Scheduled, worklet } from './output.js';

/** The first byte of a binary frame that is sound, and where its parts are. */
export const SOUND = 3;
const NUMBER = 8;
const FRAMES = 16;

/**
 * The parts of a binary frame of sound.
 * @param {ArrayBuffer} data
 * @returns {{ first: number, frames: Float32Array }}
 */
export function parts(data) {
    const first = new DataView(data).getBigUint64(NUMBER, true);
    const frames = new Float32Array(data, FRAMES, (data.byteLength - FRAMES) >> 2);
    return { first: Number(first), frames };
}

/**
 * A player of a streamed sound. The context must run at the sound's rate, or browsers
 * would resample it in pieces: `new AudioContext({ sampleRate: welcome.rate })`.
 * @param {AudioContext} context
 * @returns {Promise<{ node: AudioNode, push: (data: ArrayBuffer) => void, close: () => void }>}
 */
export async function player(context) {
    const node = await worklet(context, 'gatebend-streamed', {
        numberOfInputs: 0,
        outputChannelCount: [1],
    });
    if (node) {
        return {
            node,
            push: (data) => node.port.postMessage(parts(data), [data]),
            close() {
                node.port.postMessage(null);
                node.disconnect();
            },
        };
    }
    const jitter = new Jitter(context.sampleRate);
    // Messages come to a hidden page as often as to others, unlike its timer's calls.
    const scheduled = new Scheduled(context, (out) => jitter.pull(out), AHEAD_SECONDS);
    return {
        node: scheduled.node,
        push(data) {
            const { first, frames } = parts(data);
            jitter.push(first, frames);
            scheduled.schedule();
        },
        close: () => scheduled.close(),
    };
}
