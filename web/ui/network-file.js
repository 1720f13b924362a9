// Network files: adds the player's bends, describes files, and packs them into links.

import { channels, encoding, signals } from './signals.js';

/** @import { Layers } from '../types/Layers' */
/** @import { Bend } from '../types/Bend' */
/** @import { Signal } from './signals.js' */

/** Most letters of a link, and most bytes that it may decompress to: 65,536 bent gates take less. */
const MAX_BYTES = 4_000_000;
/** Bits of a sample that is a sum of outputs. */
const SUM_BITS = 8;

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
 * Returns the file with the active bends as masks: see `masks`, `bends` and `covered` in
 * docs/network-format.md.
 * @param {string} file without the player's bends
 * @param {Layers | undefined} layers
 * @returns {string} the unchanged file if nothing is bent
 */
export function withBends(file, layers) {
    /** Bends by node; higher layers cover lower ones. @type {Map<number, Bend>} */
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
 * Returns name, size and other properties of a network; empty ones if the file is invalid.
 * @param {string | undefined} file
 * @returns {{ name: string, description: string, source: string, signals: Signal[], bits: number, hears: boolean, sampleBits: number, gates: number, rate: number }}
 */
export function describe(file) {
    const nothing = { name: '', description: '', source: '', signals: [], bits: 0, hears: false, sampleBits: 0, gates: 0, rate: 8000 };
    if (!file) return nothing;
    try {
        const network = JSON.parse(file);
        const { name = 'untitled', description = '', source = '', layers, sample_rate: rate = 8000 } = network;
        const all = signals(network);
        const bits = all.find(({ from }) => from === 't')?.bits ?? 0;
        const hears = all.some(({ from }) => from === 'audio');
        const sampleBits = encoding(network.output_encoding).type === 'binary' ? channels(network)[0]?.length : SUM_BITS;
        /** @param {number} sum @param {{ gates: unknown[] }} layer */
        const count = (sum, { gates }) => sum + gates.length;
        return { name, description, source, signals: all, bits, hears, sampleBits, gates: layers.reduce(count, 0), rate };
    } catch {
        return nothing;
    }
}

/**
 * Passes bytes through a stream.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream | DecompressionStream} stream
 */
async function through(bytes, stream) {
    const parts = [];
    let length = 0;
    const writer = stream.writable.getWriter();
    // The reader reports errors.
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
 * Creates a stream; browsers before Safari 16.4 and Firefox 113 have none.
 * @template {CompressionStream | DecompressionStream} Stream
 * @param {() => Stream} make
 * @param {string} otherwise the error for other browsers, as a sentence for the player
 */
function create(make, otherwise) {
    try {
        return make();
    } catch {
        throw new Error(otherwise);
    }
}

/**
 * Compresses a text into the fragment of a link.
 * @param {string} text
 * @returns {Promise<string>} `#n=` and characters that need no escapes
 * @throws {Error} with a sentence for the player, if the browser cannot
 */
export async function encodeLink(text) {
    const bytes = new TextEncoder().encode(text);
    const stream = create(() => new CompressionStream('deflate-raw'),
        'This browser is too old to make links: copy the network, or save it as a file.');
    const small = new Uint8Array(await through(bytes, stream));
    let binary = '';
    for (const byte of small) binary += String.fromCharCode(byte);
    return `#n=${btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
}

/**
 * Returns the text in the fragment of a link.
 * @param {string} fragment
 * @returns {Promise<string | null>} null if the fragment contains no network
 * @throws {Error} with a sentence for the player, if it is damaged or the browser cannot
 */
export async function decodeLink(fragment) {
    // Messages and web pages append to links: a full stop, a bracket, a field of their own.
    const letters = /^#n=([\w-]+)/.exec(fragment)?.[1];
    if (!letters) return null;
    const stream = create(() => new DecompressionStream('deflate-raw'),
        'This browser is too old to open links to networks: ask for a file.');
    try {
        if (letters.length > MAX_BYTES) throw new Error('too long');
        const binary = atob(letters.replace(/-/g, '+').replace(/_/g, '/'));
        const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
        const text = await through(bytes, stream);
        return new TextDecoder('utf-8', { fatal: true }).decode(text);
    } catch {
        throw new Error('This link was cut or changed on its way: ask for it again.');
    }
}
