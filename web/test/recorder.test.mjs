// A recording is the same WAV file as the program's of the same sound.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Recording, rounded } from '../audio/recorder.js';

test('frames are rounded and clipped', () => {
    const half = 0.5 / 32_768;
    const frames = Float32Array.of(0, half, -half, 1, -1, 2, -2, 0.5, -0.25);
    assert.deepEqual(
        [...rounded(frames)],
        [0, 1, -1, 32_767, -32_768, 32_767, -32_768, 16_384, -8192],
    );
});

test('the header has the length and the rate', async () => {
    const recording = new Recording(48_000);
    recording.add([Float32Array.of(0.5, -0.5), Float32Array.of(0.5, -0.5)]);
    recording.add([Float32Array.of(0.25), Float32Array.of(0.25)]);
    const file = recording.file();
    assert.equal(recording.seconds, 3 / 48_000);
    assert.equal(file.type, 'audio/wav');
    const bytes = Buffer.from(await file.arrayBuffer());
    assert.equal(bytes.length, 50);
    assert.equal(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
    assert.equal(bytes.readUInt32LE(4), 42);
    assert.equal(bytes.readUInt16LE(22), 1);
    assert.equal(bytes.readUInt32LE(24), 48_000);
    assert.equal(bytes.readUInt32LE(40), 6);
    assert.deepEqual([44, 46, 48].map((at) => bytes.readInt16LE(at)), [16_384, -16_384, 8192]);
});

test('two channels that differ are both in the file, alternately', async () => {
    const recording = new Recording(44_100);
    recording.add([Float32Array.of(0.5, -0.5), Float32Array.of(0.5, -0.5)]);
    recording.add([Float32Array.of(0.25), Float32Array.of(0)]);
    const bytes = Buffer.from(await recording.file().arrayBuffer());
    assert.equal(bytes.length, 44 + 12);
    assert.deepEqual([22, 32].map((at) => bytes.readUInt16LE(at)), [2, 4]);
    assert.deepEqual([4, 24, 28, 40].map((at) => bytes.readUInt32LE(at)), [48, 44_100, 176_400, 12]);
    assert.deepEqual([44, 46, 48, 50, 52, 54].map((at) => bytes.readInt16LE(at)), [16_384, 16_384, -16_384, -16_384, 8192, 0]);
});
