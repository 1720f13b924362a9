// The processors of the audio worklet, run outside a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Kind, Module } from '../audio/module.js';

const RATE = 48_000;
const bytes = readFileSync(new URL('../gatebend.wasm', import.meta.url));

/** Processors registered in a fake worklet scope. */
const processors = new Map();
Object.assign(globalThis, {
    sampleRate: RATE,
    registerProcessor: (name, processor) => processors.set(name, processor),
    AudioWorkletProcessor: class {
        constructor() {
            this.posted = [];
            this.port = { postMessage: (message) => this.posted.push(message) };
        }
    },
});
await import('../audio/worklet.js');

const encode = (message) => ({ kind: Kind.text, bytes: new TextEncoder().encode(JSON.stringify(message)) });
const decode = ({ bytes: text }) => JSON.parse(new TextDecoder().decode(text));

function standalone() {
    const Standalone = processors.get('gatebend-standalone');
    const processor = new Standalone({ processorOptions: { bytes } });
    return {
        processor,
        send: (message) => processor.port.onmessage({ data: message && encode(message) }),
        quantum() {
            const output = [new Float32Array(128), new Float32Array(128)];
            const on = processor.process([], [output]);
            assert.deepEqual(output[0], output[1]);
            return { on, frames: output[0] };
        },
    };
}

test('the instrument plays the output of the module until it is ended', () => {
    const { send, quantum } = standalone();
    const module = new Module(new WebAssembly.Module(bytes));
    assert.equal(module.exports.create(RATE), Kind.nothing);
    let heard = 0;
    for (let i = 0; i < 1000; i++) {
        const { on, frames } = quantum();
        assert.ok(on);
        assert.deepEqual(frames, module.render(128)[0].slice());
        heard += frames.filter((frame) => frame !== 0).length;
    }
    assert.ok(heard > 50_000, `${heard} frames are not silent`);
    send(null);
    assert.equal(quantum().on, false);
});

test('the instrument hears its input, on one channel or two, and plays two', () => {
    const THROUGH = {
        format: 'gatebend-network', version: 2, sample_rate: RATE,
        inputs: [{ from: 'audio', bits: 8 }, { from: 'audio', channel: 1, bits: 8 }],
        layers: [], outputs: [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15]],
    };
    /** Plays quanta of input, and returns the sound of both channels. */
    const played = (channels) => {
        const { processor, send } = standalone();
        send({ type: 'hello', version: 1 });
        send({ type: 'load', network: JSON.stringify(THROUGH) });
        const sound = [[], []];
        for (let quantum = 0; quantum < 400; quantum++) {
            const input = channels.map((channel) => Float32Array.from({ length: 128 }, (_, i) => channel(128 * quantum + i)));
            const output = [new Float32Array(128), new Float32Array(128)];
            assert.ok(processor.process([input], [output]));
            output.forEach((frames, i) => sound[i].push(...frames));
        }
        return sound;
    };
    const wave = (step) => (i) => ((i * step) % 101) / 51 - 1;
    const both = played([wave(3), wave(7)]);
    assert.ok(difference(...both) >= 0);
    const left = played([wave(3)]);
    assert.equal(difference(...left), -1);
    assert.equal(difference(left[0], both[0]), -1);
    const none = played([]);
    assert.ok(none[0].slice(-128).every((frame) => Math.abs(frame) < 0.01));
    assert.ok(both[0].slice(-128).some((frame) => Math.abs(frame) > 0.05));
});

/** Returns the first index at which two arrays differ, or -1. */
function difference(a, b) {
    return a.findIndex((frame, i) => frame !== b[i]);
}

test('a command is refused, and a job is left to a worker', () => {
    const { processor, send, quantum } = standalone();
    send({ id: 1, type: 'hello', version: 1 });
    send({ id: 2, type: 'set', key: 'tempo', value: 1 });
    send({ id: 3, type: 'compile', expression: '[t>>4^tune,in2]', bits: 12, controls: ['tune:4=0.5'], audio_bits: 5, sample_bits: 9 });
    for (let i = 0; i < 20; i++) quantum();
    const messages = processor.posted.filter(({ kind }) => kind === Kind.text).map(decode);
    assert.deepEqual(messages.filter(({ type }) => type === 'refused').map(({ id }) => id), [2]);
    const jobs = processor.posted.filter(({ kind }) => kind === Kind.job);
    assert.equal(jobs.length, 1);
    const module = new Module(new WebAssembly.Module(bytes));
    module.write(jobs[0].bytes);
    assert.equal(module.exports.work(), Kind.text);
    const answer = decode({ bytes: module.output() });
    assert.deepEqual([answer.type, answer.id], ['compiled', 3]);
    const { inputs, outputs } = JSON.parse(answer.network);
    assert.deepEqual(inputs.map(({ from, bits }) => [from, bits]), [['t', 12], ['audio', 5], ['control', 4]]);
    assert.deepEqual(outputs.map(({ length }) => length), [9, 9]);
});

test('a worker prepares files, and later messages wait for them', () => {
    const { processor, send, quantum } = standalone();
    const worker = new Module(new WebAssembly.Module(bytes));
    const load = (id, network) => send({ id, type: 'load', network });
    const file = readFileSync(new URL('../../assets/networks/clockwork.json', import.meta.url), 'utf8');
    const unprepared = () => processor.posted.filter(({ kind }) => kind === Kind.unprepared).map(({ bytes: text }) => text);
    send({ type: 'hello', version: 1 });
    load(1, file);
    send({ id: 2, type: 'paint', bends: [[40, 'one']], begins: true });
    load(3, file.replace('"format"', '"f"'));
    send({ id: 4, type: 'undo' });
    for (let i = 0; i < 20; i++) quantum();
    assert.equal(unprepared().length, 1);
    for (const kind of [Kind.prepared, Kind.problem]) {
        worker.write(unprepared().at(-1));
        assert.equal(worker.exports.prepare(), kind);
        processor.port.onmessage({ data: { kind, bytes: worker.output() } });
    }
    for (let i = 0; i < 40; i++) quantum();
    const messages = processor.posted.filter(({ kind }) => kind === Kind.text).map(decode);
    const state = {};
    for (const { type, ...sections } of messages) if (type === 'state') Object.assign(state, sections);
    assert.equal(state.network.file, file);
    assert.deepEqual([state.history, state.layers.layers[0].bends], [[1, 1], []]);
    const answers = messages.filter(({ type }) => type === 'done' || type === 'refused');
    assert.deepEqual(new Set(answers.map(({ id, type }) => `${id} ${type}`)), new Set(['1 done', '2 done', '3 refused', '4 done']));
    assert.match(answers.find(({ id }) => id === 3).reason, /^format: missing/);
});

test('a waveform of the longest period is drawn', () => {
    const outputs = Array.from({ length: 8 }, (_, i) => 16 + i);
    const network = { format: 'gatebend-network', version: 1, inputs: 24, layers: [], outputs };
    const module = new Module(new WebAssembly.Module(bytes));
    module.write(encode({ type: 'waveform', id: 1, columns: 512, file: JSON.stringify(network), masks: '[]' }).bytes);
    assert.equal(module.exports.work(), Kind.text);
    const { plain, changed } = decode({ bytes: module.output() });
    assert.deepEqual(plain, Array.from({ length: 512 }, (_, i) => [i >> 1, i >> 1]));
    assert.ok(!changed.includes(true));
});

test('invalid messages are survived', () => {
    const { processor, send, quantum } = standalone();
    for (const kind of Object.values(Kind)) {
        processor.port.onmessage({ data: { kind, bytes: Uint8Array.of(0xff, 0xfe) } });
        processor.port.onmessage({ data: { kind, bytes: new Uint8Array(0) } });
    }
    send({ type: 'touch', fingers: Array(9).fill({ x: -1, y: 7, size: 1e30 }) });
    for (let i = 0; i < 2000; i++) quantum();
    assert.ok(quantum().on);
    assert.ok(processor.posted.length >= 1);
});

test('streamed sound is played, and the tap receives every frame', () => {
    const Streamed = processors.get('gatebend-streamed');
    const Tap = processors.get('gatebend-tap');
    const [player, tap] = [new Streamed(), new Tap()];
    const sound = Float32Array.from({ length: 24_000 }, (_, i) => i + 1);
    // Fits into the jitter buffer.
    player.port.onmessage({ data: { first: 5, frames: sound.slice(0, 12_000) } });
    for (let i = 0; i < 80; i++) {
        const output = [new Float32Array(128)];
        assert.ok(player.process([], [output]));
        tap.process([[output[0], output[0]]]);
    }
    tap.port.onmessage({ data: null });
    assert.equal(tap.posted.pop(), null);
    const [heard, right] = [0, 1].map((channel) => tap.posted.flatMap((channels) => [...channels[channel]]));
    assert.deepEqual(right, heard);
    assert.equal(heard.length, 80 * 128);
    const start = heard[0];
    const played = 12_000 - start + 1;
    assert.deepEqual(heard.slice(0, played), [...sound.slice(start - 1, 12_000)]);
    player.port.onmessage({ data: null });
    assert.equal(player.process([], [[new Float32Array(128)]]), false);
});
