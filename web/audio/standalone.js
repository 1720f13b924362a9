// The standalone instrument, which runs in this page: a connection like a socket's, and an
// audio node.

import { JobQueue } from './jobs.js';
import { Kind, Module } from './module.js';
import { Scheduled, worklet } from './output.js';

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
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Starts the instrument. It plays and answers once its node is connected and the context
 * runs, which browsers allow only after a user gesture.
 * @param {Listener} listener
 * @param {{ context: AudioContext, wasm?: string | URL }} options audio context, and address
 *   of the module
 * @returns {Promise<Port & { node: AudioNode }>}
 * @throws {Error} with a message for people, if there is no module or it cannot play
 */
export async function connect({ onmessage, onopen, onclose }, { context, wasm = WASM }) {
    const bytes = await fetched(wasm);
    const jobs = new JobQueue(bytes);
    /** @param {number} kind @param {Uint8Array} output */
    const receive = (kind, output) => {
        if (kind === Kind.job) {
            jobs.run(output).then((answer) => onmessage(decoder.decode(answer)), () => {});
        } else if (kind === Kind.problem) {
            onclose(decoder.decode(output));
        } else if (kind === Kind.text) {
            onmessage(decoder.decode(output));
        } else if (kind === Kind.binary) {
            onmessage(/** @type {ArrayBuffer} */ (output.buffer));
        }
    };
    const source = await inWorklet(context, bytes, receive) ?? await inPage(context, bytes, receive);
    onopen();
    return {
        node: source.node,
        send: (text) => source.send(encoder.encode(text)),
        close() {
            source.close();
            jobs.close();
        },
    };
}

/** @param {string | URL} wasm */
async function fetched(wasm) {
    const answer = await fetch(wasm).catch(() => null);
    if (!answer?.ok) {
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
 * @param {(kind: number, output: Uint8Array) => void} receive called with each message
 */
async function inWorklet(context, bytes, receive) {
    const node = await worklet(context, 'gatebend-standalone', {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { bytes },
    });
    if (!node) return null;
    node.port.onmessage = ({ data }) => receive(data.kind, data.bytes);
    node.onprocessorerror = () => receive(Kind.problem, encoder.encode('The instrument has stopped.'));
    return {
        node,
        /** @param {Uint8Array} message */
        send: (message) => node.port.postMessage(message, [message.buffer]),
        close() {
            node.port.postMessage(null);
            node.disconnect();
        },
    };
}

/** Interval at which messages of the instrument are forwarded. */
const MESSAGE_MILLISECONDS = 33;

/**
 * @param {AudioContext} context
 * @param {ArrayBuffer} bytes
 * @param {(kind: number, output: Uint8Array) => void} receive called with each message
 */
async function inPage(context, bytes, receive) {
    const module = new Module(await WebAssembly.compile(bytes));
    /** @param {number} kind */
    const forward = (kind) => {
        if (kind !== Kind.nothing) receive(kind, module.output());
        return kind !== Kind.nothing;
    };
    if (forward(module.exports.create(context.sampleRate))) throw new Error('It cannot play here.');
    const scheduled = new Scheduled(context, (out) => out.set(module.render(out.length)));
    const timer = setInterval(() => {
        while (forward(module.exports.next_message()));
    }, MESSAGE_MILLISECONDS);
    return {
        node: scheduled.node,
        /** @param {Uint8Array} message */
        send(message) {
            module.write(message);
            forward(module.exports.receive());
        },
        close() {
            clearInterval(timer);
            scheduled.close();
        },
    };
}
