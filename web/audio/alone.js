// The instrument in this page: a port like a socket's, and a node that sounds.

import { Kind, Module } from './module.js';
import { Scheduled, worklet } from './output.js';
import { Workshop } from './workshop.js';

/**
 * As link/socket.js has them: what a client is connected by, and what it hears.
 * @typedef {object} Port
 * @property {(text: string) => void} send a message of the protocol
 * @property {() => void} close
 *
 * @typedef {object} Listener
 * @property {(data: string | ArrayBuffer) => void} onmessage JSON, or a binary frame
 * @property {() => void} onopen
 * @property {(reason: string) => void} onclose why it does not play any more
 */

const WASM = new URL('../gatebend.wasm', import.meta.url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Switches the instrument on. It sounds once its node is connected and the context
 * runs, which takes a gesture of the player; it answers then, too.
 * @param {Listener} listener
 * @param {{ context: AudioContext, wasm?: string | URL }} options where it sounds, and
 *   where the module is
 * @returns {Promise<Port & { node: AudioNode }>}
 * @throws {Error} in a sentence, when there is no module or it cannot play
 */
export async function connect({ onmessage, onopen, onclose }, { context, wasm = WASM }) {
    const bytes = await fetched(wasm);
    const workshop = new Workshop(bytes);
    /** @param {number} kind @param {Uint8Array} said */
    const told = (kind, said) => {
        if (kind === Kind.work) {
            workshop.ask(said).then((answer) => onmessage(decoder.decode(answer)), () => {});
        } else if (kind === Kind.problem) {
            onclose(decoder.decode(said));
        } else if (kind === Kind.text) {
            onmessage(decoder.decode(said));
        } else if (kind === Kind.binary) {
            onmessage(/** @type {ArrayBuffer} */ (said.buffer));
        }
    };
    const source = await inWorklet(context, bytes, told) ?? await inPage(context, bytes, told);
    onopen();
    return {
        node: source.node,
        send: (text) => source.send(encoder.encode(text)),
        close() {
            source.close();
            workshop.close();
        },
    };
}

/** @param {string | URL} wasm */
async function fetched(wasm) {
    const answer = await fetch(wasm).catch(() => null);
    if (!answer?.ok) {
        throw new Error(
            'The instrument for browsers is not here: web/build.sh makes it, '
                + 'where Rust has the target wasm32-unknown-unknown.',
        );
    }
    return answer.arrayBuffer();
}

/**
 * @param {AudioContext} context
 * @param {ArrayBuffer} bytes
 * @param {(kind: number, said: Uint8Array) => void} told
 */
async function inWorklet(context, bytes, told) {
    const node = await worklet(context, 'gatebend-alone', {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { bytes },
    });
    if (!node) return null;
    node.port.onmessage = ({ data }) => told(data.kind, data.bytes);
    node.onprocessorerror = () => told(Kind.problem, encoder.encode('The instrument has stopped.'));
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

/** From one look for messages to the next. */
const TELL_MILLISECONDS = 33;

/**
 * @param {AudioContext} context
 * @param {ArrayBuffer} bytes
 * @param {(kind: number, said: Uint8Array) => void} told
 */
async function inPage(context, bytes, told) {
    const module = new Module(await WebAssembly.compile(bytes));
    /** @param {number} kind */
    const say = (kind) => {
        if (kind !== Kind.nothing) told(kind, module.said());
        return kind !== Kind.nothing;
    };
    if (say(module.exports.create(context.sampleRate))) throw new Error('It cannot play here.');
    const scheduled = new Scheduled(context, (out) => out.set(module.render(out.length)));
    const timer = setInterval(() => {
        while (say(module.exports.next_message()));
    }, TELL_MILLISECONDS);
    return {
        node: scheduled.node,
        /** @param {Uint8Array} message */
        send(message) {
            module.write(message);
            say(module.exports.receive());
        },
        close() {
            clearInterval(timer);
            scheduled.close();
        },
    };
}
