import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columnsOf, encoded, isSound, timeLeft, trimmed } from '../ui/sounds.js';

const RATE = 8000;
/** A word of 0.5 s after a second of silence, before 2 s of it, with an offset. */
const spoken = () => Float32Array.from({ length: 3.5 * RATE }, (_, t) =>
    0.1 + (t >= RATE && t < 1.5 * RATE ? 0.3 * Math.sin(t) : 0.001 * Math.sin(t)));

test('silence at both ends is cut, but for a margin', () => {
    const word = trimmed(spoken(), RATE);
    assert.ok(Math.abs(word.length - 0.56 * RATE) < 10, `${word.length}`);
    assert.deepEqual(trimmed(word, RATE), word);
});

test('sounds that are too quiet or too short are refused in a sentence', () => {
    assert.throws(() => trimmed(spoken().map((sample) => sample / 100), RATE), /too quiet/);
    assert.throws(() => trimmed(spoken().slice(0, RATE), RATE), /too quiet/);
    assert.throws(() => trimmed(new Float32Array(0), RATE), /too quiet/);
    assert.throws(() => trimmed(Float32Array.from({ length: RATE }, (_, t) => Number(t === 100)), RATE), /too short/);
});

test('samples become numbers of 16 bits in Base64', () => {
    const samples = Float32Array.of(0, 1, -1, 2, -2, 0.5, -1 / 32_768);
    const bytes = Buffer.from(encoded(samples), 'base64');
    const numbers = Array.from({ length: 7 }, (_, i) => bytes.readInt16LE(2 * i));
    assert.deepEqual(numbers, [0, 32_767, -32_768, 32_767, -32_768, 16_384, -1]);
    const long = Float32Array.from({ length: 131_072 }, (_, t) => t / 131_072);
    assert.equal(Buffer.from(encoded(long), 'base64').readInt16LE(2 * 98_304), 24_576);
});

test('a waveform has the extremes of each column, and silence after the sound', () => {
    const samples = Float32Array.of(0.5, -0.5, 0.25, 0);
    assert.deepEqual(columnsOf(samples, 8, 4), [[1, 255], [128, 191.5], [128, 128], [128, 128]]);
    assert.equal(columnsOf(samples, 2, 4).length, 4);
});

test('the time left is a phrase', () => {
    assert.deepEqual([timeLeft(0.001, 9), timeLeft(0.25, 10), timeLeft(0.1, 60)], ['', '30 s left', '9 minutes left']);
});

test('files of sounds are known by their type or name', () => {
    const files = [{ type: 'audio/mpeg', name: 'a' }, { type: '', name: 'A.WAV' }, { type: 'application/json', name: 'a.json' }, { type: '', name: 'a.wav.json' }];
    assert.deepEqual(files.map(isSound), [true, true, false, false]);
});
