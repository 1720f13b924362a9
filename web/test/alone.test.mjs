// The Wasm module plays what the program plays, bit for bit. Run by
// `node --test web/test/*.test.mjs`; GATEBEND names the program, web/build.sh makes the module.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Kind, Module } from '../audio/module.js';

const house = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gatebend-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

const program = process.env.GATEBEND ?? join(house, 'target/release/gatebend');
const compiled = new WebAssembly.Module(readFileSync(join(house, 'web/gatebend.wasm')));

/** What the program gives for these arguments, with OUT in place of a file. */
function told(kind, ...arguments_) {
    const out = join(folder, `out.${kind}`);
    execFileSync(program, arguments_.map((argument) => (argument === 'OUT' ? out : argument)), {
        stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readFileSync(out);
}

/** Where two arrays differ first; -1 where nowhere. */
function difference(a, b) {
    if (a.length !== b.length) return Math.min(a.length, b.length);
    return a.findIndex((value, i) => value !== b[i]);
}

const networks = readdirSync(join(house, 'assets/networks')).filter((name) => name.endsWith('.json'));

for (const name of networks) {
    test(`the whole period of ${basename(name, '.json')}`, () => {
        const path = join(house, 'assets/networks', name);
        const expected = told('u8', 'render', path, '-o', 'OUT');
        const module = new Module(compiled);
        module.write(readFileSync(path));
        assert.equal(module.exports.samples(0, expected.length), Kind.binary);
        assert.equal(difference(module.said(), expected), -1);
    });
}

/** Every network in turn, touched and bent, at every volume. */
function tour() {
    const lines = ['2 set bend=invert'];
    networks.forEach((_, i) => {
        const second = 3 + i;
        lines.push(
            `${second} tap next`,
            `${second + 0.3} down 0.${1 + (i % 8)} 0.3 size 0.7`,
            `${second + 0.4} set volume=${-3 * i}`,
            `${second + 0.5} move 0.5 0.${1 + (i % 7)} over 0.2`,
            `${second + 0.6} set volume=${-3 * i - 1}`,
            `${second + 0.7} set volume=${-3 * i - 2}`,
            `${second + 0.8} up`,
            `${second + 0.8} bend ${40 + i} invert`,
            `${second + 0.9} mutate`,
        );
    });
    return lines.join('\n');
}

const scripts = {
    everything: join(house, 'tests/scripts/everything.txt'),
    tour: join(folder, 'tour.txt'),
};
writeFileSync(scripts.tour, tour());

for (const rate of [44_100, 48_000]) for (const [name, script] of Object.entries(scripts)) {
    test(`a script of ${name}, at ${rate} frames a second`, () => {
        const bytes = told(
            'f32', 'play', '--script', script, '--set', `audio.rate=${rate}`, '--wav', 'OUT',
        );
        // Compared as bits: not a zero's sign may differ.
        const expected = new Uint32Array(new Uint8Array(bytes).buffer);
        assert.ok(expected.length > 20 * rate && expected.some((bits) => bits !== 0));
        const module = new Module(compiled);
        module.write(readFileSync(script));
        assert.equal(module.exports.create(rate), Kind.nothing, module.said().toString());
        const sound = new Float32Array(expected.length);
        for (let at = 0; at < sound.length; at += 128) {
            sound.set(module.render(128).subarray(0, sound.length - at), at);
        }
        assert.equal(difference(new Uint32Array(sound.buffer), expected), -1);
    });
}
