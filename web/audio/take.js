// Sounds to learn: recorded by the microphone or read from a file, as samples of one channel.

import { AS_IT_IS, PROBLEMS, missingMicrophone } from './microphone.js';
import { record } from './recorder.js';

/** Longest sound that is read, in seconds. */
export const MAX_SECONDS = 20;
/** Largest file that is read: browsers decode the whole of it. */
const MAX_BYTES = 20e6;

/** A recording by the microphone, from `start` to `stop`. */
export class Take {
    /**
     * @param {AudioContext} context
     * @param {MediaStream} stream
     * @param {Awaited<ReturnType<typeof record>>} tape
     */
    constructor(context, stream, tape) {
        this.context = context;
        this.stream = stream;
        this.tape = tape;
    }

    /**
     * Asks the player for the microphone and records; to be called from a user gesture.
     * @throws {Error} with a sentence for the player
     */
    static async start() {
        const missing = missingMicrophone();
        if (missing) throw new Error(missing);
        /** @type {MediaStream} */
        let stream;
        try {
            stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
        } catch (problem) {
            const { name, message } = /** @type {Error} */ (problem);
            throw new Error(PROBLEMS[name] ?? message, { cause: problem });
        }
        const context = new AudioContext();
        const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
        return new Take(context, stream, await record(source));
    }

    /** Its length in seconds so far. */
    get seconds() {
        return this.tape.recording.seconds;
    }

    /** Ends the recording, and frees the microphone. @returns {Promise<Blob>} a WAV file */
    async stop() {
        const file = await this.tape.stop();
        for (const track of this.stream.getTracks()) track.stop();
        void this.context.close();
        return file;
    }
}

/**
 * Reads a file of any format that the browser knows: the mean of its channels, at a rate.
 * @param {Blob} file
 * @param {number} rate samples a second
 * @returns {Promise<Float32Array>} at most {@link MAX_SECONDS}
 * @throws {Error} with a sentence for the player
 */
export async function read(file, rate) {
    if (file.size > MAX_BYTES) throw new Error(`This file is too large: ${MAX_BYTES / 1e6} MB at most.`);
    const context = new OfflineAudioContext(1, 1, rate);
    const sound = await context.decodeAudioData(await file.arrayBuffer())
        .catch(() => { throw new Error('The browser cannot read this file as a sound.'); });
    const channels = Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i));
    const length = Math.min(sound.length, MAX_SECONDS * rate);
    return Float32Array.from({ length }, (_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
}
