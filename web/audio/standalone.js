// The standalone instrument, which runs in this page: a connection like a socket's, and an
// audio node.

import { JobQueue } from './jobs.js';
import { Kind, Module } from './module.js';
import { MISSING, Quiet, Scheduled, worklet } from './output.js';
import { Trainer } from './trainer.js';

/** @import { Message } from './module.js' */

/**
 * The same interface as link/socket.js: a connection, and callbacks for its events.
 * @typedef {object} Port
 * @property {(text: string) => void} send sends a message of the protocol
 * @property {() => void} close
 *
 * @typedef {object} Listener
 * @property {(data: string | ArrayBuffer) => void} onmessage JSON, or a binary message
 * @property {() => void} onopen
 * @property {(reason: string) => void} onclose reason: why the instrument has stopped
 */

const WASM = new URL('../gatebend.wasm', import.meta.url);
const TRAIN = new URL('../train.wasm', import.meta.url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Starts the instrument. It plays and answers once its node is connected and the context
 * runs, which browsers allow only after a user gesture.
 * @param {Listener} listener
 * @param {{ context?: AudioContext, wasm?: string | URL }} options audio context, without
 *   which it is not heard; address of the module
 * @returns {Promise<Port & { node: AudioNode | null, hears: boolean }>} `hears`: what is
 *   connected to the node is the instrument's audio input
 * @throws {Error} with a message for people, if there is no module or it cannot play
 */
export async function connect({ onmessage, onopen, onclose }, { context, wasm = WASM }) {
    const bytes = await fetched(wasm);
    const jobs = new JobQueue(bytes);
    // In another worker, since a job may take long, and the player waits for these.
    const preparation = new JobQueue(bytes);
    /** @param {Message} message */
    const receive = (message) => {
        const { kind, bytes: output } = message;
        if (kind === Kind.unprepared) {
            void preparation.run(message).then((answer) => source.send(answer));
        } else if (kind === Kind.job) {
            void jobs.run(message).then(receive);
        } else if (kind === Kind.train) {
            void trainer.begin(message);
        } else if (kind === Kind.stopTraining) {
            trainer.end();
        } else if (kind === Kind.problem) {
            onclose(decoder.decode(output));
        } else if (kind === Kind.text) {
            onmessage(decoder.decode(output));
        } else if (kind === Kind.binary) {
            onmessage(/** @type {ArrayBuffer} */ (output.buffer));
        }
    };
    const trainer = new Trainer(() => fetched(TRAIN), receive);
    const inAudioThread = context && await inWorklet(context, bytes, receive);
    const source = inAudioThread || await inPage(context, bytes, receive);
    onopen();
    return {
        node: source.node,
        hears: Boolean(inAudioThread),
        send: (text) => source.send({ kind: Kind.text, bytes: encoder.encode(text) }),
        close() {
            source.close();
            jobs.close();
            preparation.close();
            trainer.close();
        },
    };
}

/** @param {string | URL} wasm */
async function fetched(wasm) {
    const answer = await fetch(wasm).catch(() => { throw new Error(MISSING); });
    if (!answer.ok) {
        throw new Error(
            'The instrument for browsers is missing on this server: web/build.sh makes it, '
                + 'with the Rust target wasm32-unknown-unknown.',
        );
    }
    return answer.arrayBuffer();
}

/**
 * @param {AudioContext} context
 * @param {ArrayBuffer} bytes
 * @param {(message: Message) => void} receive called with each message
 */
async function inWorklet(context, bytes, receive) {
    const node = await worklet(context, 'gatebend-standalone', {
        outputChannelCount: [2],
        channelCount: 2,
        processorOptions: { bytes },
    });
    if (!node) return null;
    node.port.onmessage = ({ data }) => receive(data);
    node.onprocessorerror = () =>
        receive({ kind: Kind.problem, bytes: encoder.encode('The instrument has stopped.') });
    return {
        node,
        /** @param {Message} message */
        send: (message) => node.port.postMessage(message, [message.bytes.buffer]),
        close() {
            node.port.postMessage(null);
            node.disconnect();
        },
    };
}

/** Frames a second of an instrument that is not heard. */
const QUIET_RATE = 48_000;
/** Interval at which messages of the instrument are forwarded. */
const MESSAGE_MILLISECONDS = 33;

/**
 * @param {AudioContext | undefined} context
 * @param {ArrayBuffer} bytes
 * @param {(message: Message) => void} receive called with each message
 */
async function inPage(context, bytes, receive) {
    const module = new Module(await WebAssembly.compile(bytes));
    /** @param {number} kind */
    const forward = (kind) => {
        if (kind !== Kind.nothing) receive({ kind, bytes: module.output() });
        return kind !== Kind.nothing;
    };
    const rate = context?.sampleRate ?? QUIET_RATE;
    if (forward(module.exports.create(rate))) throw new Error('It cannot play here.');
    const render = (/** @type {Float32Array[]} */ out) => {
        const rendered = module.render(out[0].length);
        out.forEach((channel, i) => channel.set(rendered[i]));
    };
    const renderer = context ? new Scheduled(context, 2, render) : new Quiet(rate, render);
    const timer = setInterval(() => {
        while (forward(module.exports.next_message()));
    }, MESSAGE_MILLISECONDS);
    return {
        node: renderer.node,
        /** @param {Message} message */
        send({ kind, bytes: input }) {
            module.write(input);
            forward(module.exports.receive(kind));
        },
        close() {
            clearInterval(timer);
            renderer.close();
        },
    };
}
