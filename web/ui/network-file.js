// A network's file with the player's bends in it, and as a link's fragment.

/** @import { Layers } from '../types/Layers' */
/** @import { Bend } from '../types/Bend' */

/** Longest link that is read: more than any network that is played by hand. */
const MOST_LETTERS = 4_000_000;
/** Most bytes that a link may grow to: 65,536 gates take a fifth of it. */
const MAX_BYTES = 16_000_000;

/**
 * @param {number} node
 * @param {Bend} bend
 */
function mask(node, bend) {
    if (bend === 'invert') return { node, invert: true };
    if (bend === 'zero') return { node, force: 0 };
    if (bend === 'one') return { node, force: 1 };
    return { node, op: bend.op };
}

/**
 * The file as it is heard: docs/network-format.md tells of `masks`, `bends`, `covered`.
 * @param {string} file without the player's bends
 * @param {Layers | undefined} layers
 * @returns {string} the same, if nothing is bent
 */
export function withBends(file, layers) {
    /** @type {Map<number, Bend>} Higher layers cover lower ones. */
    const bends = new Map();
    for (const layer of layers?.layers ?? []) {
        for (const [node, bend, counts] of layer.bends) if (counts) bends.set(node, bend);
    }
    if (bends.size === 0) return file;
    const network = JSON.parse(file);
    /** @type {{ node: number }[]} */
    const own = network.masks ?? [];
    const covered = own.filter(({ node }) => bends.has(node));
    network.masks = [
        ...own.filter(({ node }) => !bends.has(node)),
        ...[...bends].map(([node, bend]) => mask(node, bend)),
    ].sort((a, b) => a.node - b.node);
    network.bends = [...bends.keys()].sort((a, b) => a - b);
    if (covered.length > 0) network.covered = covered;
    return `${JSON.stringify(network)}\n`;
}

/**
 * What a file says of itself.
 * @param {string | undefined} file
 * @returns {{ name: string, description: string, source: string, inputs: number, gates: number, rate: number }}
 */
export function describe(file) {
    const nothing = { name: '', description: '', source: '', inputs: 0, gates: 0, rate: 8000 };
    if (!file) return nothing;
    try {
        const { name = 'untitled', description = '', source = '', inputs, layers, sample_rate: rate = 8000 } =
            JSON.parse(file);
        /** @param {number} sum @param {{ gates: unknown[] }} layer */
        const count = (sum, { gates }) => sum + gates.length;
        return { name, description, source, inputs, gates: layers.reduce(count, 0), rate };
    } catch {
        return nothing;
    }
}

/**
 * Bytes through a stream.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream | DecompressionStream} stream
 */
async function through(bytes, stream) {
    const parts = [];
    let length = 0;
    const writer = stream.writable.getWriter();
    // What is wrong is told by the reader.
    writer.write(bytes).catch(() => {});
    writer.close().catch(() => {});
    const reader = stream.readable.getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        length += value.length;
        if (length > MAX_BYTES) throw new Error('too long');
        parts.push(value);
    }
    return new Blob(parts).arrayBuffer();
}

/**
 * A stream, where there is one: Safari has them since 16.4, Firefox since 113.
 * @template {CompressionStream | DecompressionStream} Stream
 * @param {() => Stream} make
 * @param {string} otherwise a sentence
 */
function made(make, otherwise) {
    try {
        return make();
    } catch {
        throw new Error(otherwise);
    }
}

/**
 * A text as the fragment of a link.
 * @param {string} text
 * @returns {Promise<string>} `#n=` and letters that need no escapes
 * @throws {Error} in a sentence, if the browser cannot
 */
export async function encodeLink(text) {
    const bytes = new TextEncoder().encode(text);
    const stream = made(() => new CompressionStream('deflate-raw'),
        'This browser is too old to make links: copy the network, or save it as a file.');
    const small = new Uint8Array(await through(bytes, stream));
    let binary = '';
    for (const byte of small) binary += String.fromCharCode(byte);
    return `#n=${btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
}

/**
 * The text in a fragment.
 * @param {string} fragment
 * @returns {Promise<string | null>} null if it is no link's
 * @throws {Error} in a sentence, if it was cut or changed, or the browser cannot
 */
export async function decodeLink(fragment) {
    const letters = /^#n=([\w-]+)$/.exec(fragment)?.[1];
    if (!letters) return null;
    const stream = made(() => new DecompressionStream('deflate-raw'),
        'This browser is too old to open links to networks: ask for a file.');
    try {
        if (letters.length > MOST_LETTERS) throw new Error('too long');
        const binary = atob(letters.replace(/-/g, '+').replace(/_/g, '/'));
        const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
        const text = await through(bytes, stream);
        return new TextDecoder('utf-8', { fatal: true }).decode(text);
    } catch {
        throw new Error('The link was cut or changed on its way: ask for it again.');
    }
}
