// The WebAssembly module plays the same sound as the program, bit for bit. Set GATEBEND to
// the program, and build the module with web/build.sh.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Kind, Module } from '../audio/module.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gatebend-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

const program = process.env.GATEBEND ?? join(root, 'target/release/gatebend');
const compiled = new WebAssembly.Module(readFileSync(join(root, 'web/gatebend.wasm')));

/** Runs the program and returns the file that it wrote in place of OUT. */
function output(kind, ...arguments_) {
    const out = join(folder, `out.${kind}`);
    execFileSync(program, arguments_.map((argument) => (argument === 'OUT' ? out : argument)), {
        stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readFileSync(out);
}

/** Returns the first index at which two arrays differ, or -1. */
function difference(a, b) {
    if (a.length !== b.length) return Math.min(a.length, b.length);
    return a.findIndex((value, i) => value !== b[i]);
}

const networks = readdirSync(join(root, 'assets/networks')).filter((name) => name.endsWith('.json'));

for (const name of networks) {
    test(`whole period of ${basename(name, '.json')}`, () => {
        const path = join(root, 'assets/networks', name);
        const expected = output('raw', 'render', path, '-o', 'OUT');
        const { outputs } = JSON.parse(readFileSync(path));
        // Outputs of one channel of bytes are a list, others are a list a channel.
        const channels = Array.isArray(outputs[0]) ? outputs : [new Array(8)];
        const bytes = Math.max(...channels.map(({ length }) => length)) > 8 ? 2 : 1;
        const frames = expected.length / (channels.length * bytes);
        const module = new Module(compiled);
        module.write(readFileSync(path));
        assert.equal(module.exports.samples(0, frames), Kind.binary);
        assert.equal(difference(module.output(), expected), -1);
    });
}

/** Script that plays, touches and bends every network at several volumes. */
function tour() {
    const lines = ['2 set bend=invert'];
    networks.forEach((_, i) => {
        const second = 3 + i;
        const volume = -3 * (i % 20);
        lines.push(
            `${second} tap next`,
            `${second + 0.3} down 0.${1 + (i % 8)} 0.3 size 0.7`,
            `${second + 0.4} set volume=${volume}`,
            `${second + 0.5} move 0.5 0.${1 + (i % 7)} over 0.2`,
            `${second + 0.6} set volume=${volume - 1}`,
            `${second + 0.7} set volume=${volume - 2}`,
            `${second + 0.8} up`,
            `${second + 0.8} bend ${40 + i} invert`,
            `${second + 0.9} mutate`,
        );
    });
    return lines.join('\n');
}

const scripts = {
    everything: join(root, 'tests/scripts/everything.txt'),
    tour: join(folder, 'tour.txt'),
};
writeFileSync(scripts.tour, tour());

for (const rate of [44_100, 48_000]) for (const [name, script] of Object.entries(scripts)) {
    test(`script ${name} at ${rate} Hz`, () => {
        const bytes = output(
            'f32', 'play', '--script', script, '--set', `audio.rate=${rate}`, '--wav', 'OUT',
        );
        // Compared as bits, so that 0 and -0 differ.
        const expected = new Uint32Array(new Uint8Array(bytes).buffer);
        assert.ok(expected.length > 20 * rate && expected.some((bits) => bits !== 0));
        const module = new Module(compiled);
        module.write(readFileSync(script));
        assert.equal(module.exports.create(rate), Kind.nothing, module.output().toString());
        const sound = new Float32Array(expected.length);
        for (let at = 0; at < sound.length; at += 128) {
            sound.set(module.render(128)[0].subarray(0, sound.length - at), at);
        }
        assert.equal(difference(new Uint32Array(sound.buffer), expected), -1);
    });
}

test('a touch right after the start bends, and requests no safe start', () => {
    const module = new Module(compiled);
    assert.equal(module.exports.create(48_000), Kind.nothing);
    const states = [];
    const take = (kind) => {
        const message = kind === Kind.text ? JSON.parse(new TextDecoder().decode(module.output())) : {};
        if (message.type === 'state') states.push(message);
        return kind !== Kind.nothing;
    };
    const send = (message) => {
        module.write(new TextEncoder().encode(JSON.stringify(message)));
        take(module.exports.receive(Kind.text));
    };
    const play = (seconds) => {
        for (let frames = 0; frames < seconds * 48_000; frames += 128) {
            module.render(128);
            while (take(module.exports.next_message()));
        }
    };
    send({ type: 'hello', version: 1 });
    play(0.5);
    send({ type: 'touch', fingers: [{ x: 0.3, y: 0.4, size: 0.4 }] });
    play(0.5);
    assert.ok(states.some(({ touched }) => touched?.nodes.length > 0), 'nothing is touched');
    assert.deepEqual(states.map(({ notice }) => notice).filter(Boolean), []);
});
