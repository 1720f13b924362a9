// Plays the sound that a connected instrument streams in binary messages.

import { JitterBuffer } from './jitter.js';
import { AHEAD_SECONDS, Scheduled, worklet } from './output.js';

/** First byte of a binary message of sound. */
export const SOUND = 3;
/** Offsets of the number of the first frame, and of the frames. */
const NUMBER = 8;
const FRAMES = 16;

/**
 * Parses a binary message of sound.
 * @param {ArrayBuffer} data
 * @returns {{ first: number, frames: Float32Array }} first: position of the first frame in the stream
 */
export function parts(data) {
    const first = new DataView(data).getBigUint64(NUMBER, true);
    const frames = new Float32Array(data, FRAMES, (data.byteLength - FRAMES) >> 2);
    return { first: Number(first), frames };
}

/**
 * Creates a player of streamed sound. The context must run at the rate of the stream, as
 * browsers would resample each message separately: `new AudioContext({ sampleRate: welcome.rate })`.
 * @param {AudioContext} context
 * @param {number} [delay] the first delay of the sound, in seconds
 * @returns {Promise<{ node: AudioNode, push: (data: ArrayBuffer) => void, close: () => void }>}
 */
export async function player(context, delay) {
    const node = await worklet(context, 'gatebend-streamed', {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { delay },
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
    const jitter = new JitterBuffer(context.sampleRate, delay);
    // A hidden page receives messages as often as others, so its slow timer does not matter.
    const scheduled = new Scheduled(context, 1, ([out]) => jitter.pull(out), AHEAD_SECONDS);
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
