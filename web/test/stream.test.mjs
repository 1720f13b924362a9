// The comparison of streamed and recorded sound in the tests of e2e/sound.test.mjs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Stream, locate } from './e2e/stream.mjs';

/** A message of sound whose frames are their positions. */
function message(first, length) {
    const bytes = Buffer.alloc(16 + 4 * length);
    bytes[0] = 3;
    bytes.writeBigUInt64LE(BigInt(first), 8);
    for (let i = 0; i < length; i++) bytes.writeFloatLE(first + i, 16 + 4 * i);
    return bytes;
}

const sound = Int16Array.from({ length: 4000 }, (_, i) => i + 1);
const silence = (length) => new Int16Array(length);
const joined = (...parts) => Int16Array.from(parts.flatMap((part) => [...part]));

test('a stream knows its gaps and compares what it received', () => {
    const stream = new Stream();
    for (const [first, length] of [[100, 10], [110, 10], [150, 10]]) stream.add(message(first, length));
    assert.deepEqual([stream.start, stream.end, stream.gaps], [100, 160, [{ start: 120, length: 30 }]]);
    assert.deepEqual([...stream.frames.subarray(18, 22)], [118, 119, 0, 0]);
    const expected = Float32Array.from({ length: 200 }, (_, i) => i);
    expected[130] = -1;
    assert.equal(stream.difference(expected, 0), Infinity);
    assert.equal(stream.difference(expected.map((frame) => frame + 16), 16), Infinity);
    expected[155] = -1;
    assert.equal(stream.difference(expected, 0), 155);
});

test('pieces of a recording are located across silence and jumps', () => {
    const recording = joined(sound.subarray(50, 90), silence(88), sound.subarray(90, 346), sound.subarray(1000, 1150), silence(10));
    assert.deepEqual(locate(recording, sound), {
        pieces: [{ at: 0, from: 50, length: 40 }, { at: 128, from: 90, length: 256 }, { at: 384, from: 1000, length: 150 }],
        unknown: -1,
    });
});

test('a recording with a wrong, repeated or reordered sample does not pass', () => {
    const wrong = sound.slice(0, 1000);
    wrong[500] += 1;
    for (const recording of [
        wrong,
        joined(sound.subarray(0, 200), sound.subarray(199, 600)),
        joined(sound.subarray(512, 1024), sound.subarray(0, 512)),
    ]) assert.ok(locate(recording, sound).unknown > 0);
});
