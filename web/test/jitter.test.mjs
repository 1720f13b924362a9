// The jitter buffer, with sound that arrives in time, late or not at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JitterBuffer } from '../audio/jitter.js';
import { player } from '../audio/streamed.js';

const RATE = 1000; // the delay is 120 frames, the capacity 400
const numbered = (first, count) => Float32Array.from({ length: count }, (_, i) => first + i);

function pulled(jitter, count) {
    const out = new Float32Array(count).fill(NaN);
    jitter.pull(out);
    return [...out];
}

test('playback starts after the delay and plays every frame once', () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(5000, numbered(5000, 100));
    assert.deepEqual(pulled(jitter, 10), Array(10).fill(0));
    jitter.push(5100, numbered(5100, 20));
    const heard = [];
    for (let first = 5120; first < 7000; first += 40) {
        heard.push(...pulled(jitter, 40));
        jitter.push(first, numbered(first, 40));
    }
    assert.deepEqual(heard, [...numbered(5000, heard.length)]);
    assert.equal(jitter.breaks, 0);
});

test('an empty buffer is silent until it has filled again', () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1000, numbered(1000, 120));
    assert.deepEqual(pulled(jitter, 130), [...numbered(1000, 120), ...Array(10).fill(0)]);
    jitter.push(1120, numbered(1120, 60));
    assert.deepEqual(pulled(jitter, 10), Array(10).fill(0));
    jitter.push(1180, numbered(1180, 60));
    assert.deepEqual(pulled(jitter, 10), [...numbered(1120, 10)]);
    assert.equal(jitter.breaks, 1);
});

test('from the same computer, the delay is short and grows when the buffer runs empty', () => {
    const jitter = new JitterBuffer(RATE, 0.05);
    jitter.push(1000, numbered(1000, 50));
    assert.deepEqual(pulled(jitter, 1), [1000]);
    let end = 1050;
    for (const delay of [70, 98, 120, 120]) {
        pulled(jitter, 200);
        jitter.push(end, numbered(end, delay - 1));
        assert.deepEqual(pulled(jitter, 1), [0]);
        jitter.push(end + delay - 1, numbered(end + delay - 1, 1));
        assert.deepEqual(pulled(jitter, 1), [end]);
        end += delay;
    }
    // And it shrinks again.
    for (let i = 0; i < 1000; i++) {
        jitter.push(end, numbered(end, 20));
        end += 20;
        pulled(jitter, 20);
    }
    assert.equal(jitter.delay, 50);
    assert.ok(jitter.length <= 75, `${jitter.length}`);
});

test('after an interruption of the player, the delay returns to what it was', () => {
    const jitter = new JitterBuffer(RATE, 0.05);
    let end = 1000;
    const push = (count) => {
        jitter.push(end, numbered(end, count));
        end += count;
    };
    push(50);
    pulled(jitter, 20);
    push(200);
    for (let i = 0; i < 100; i++) {
        push(20);
        pulled(jitter, 20);
    }
    assert.ok(jitter.length <= 70, `${jitter.length}`);
    assert.equal(jitter.breaks, 1);
});

test('lost sound is replaced with silence of the same length', () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1000, numbered(1000, 100));
    jitter.push(1150, numbered(1150, 50));
    const expected = [...numbered(1000, 100), ...Array(50).fill(0), ...numbered(1150, 50)];
    assert.deepEqual(pulled(jitter, 120), expected.slice(80));
});

test('latency never exceeds the capacity', () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(1000, numbered(1000, 120));
    pulled(jitter, 1);
    for (let first = 1120; first < 3000; first += 100) {
        jitter.push(first, numbered(first, 100));
        pulled(jitter, 99);
        assert.ok(jitter.length <= 400);
    }
    for (let first = 3020; first < 4000; first += 100) jitter.push(first, numbered(first, 100));
    assert.ok(jitter.length <= 400 && jitter.breaks > 0);
    // After skipping, the latency is the usual delay.
    const [frame] = pulled(jitter, 1);
    assert.ok(frame > 3300, `${frame}`);
});

test('a restarted stream is played from its beginning', () => {
    const jitter = new JitterBuffer(RATE);
    jitter.push(90_000, numbered(90_000, 200));
    pulled(jitter, 10);
    jitter.push(0, numbered(0, 120));
    assert.deepEqual(pulled(jitter, 3), [0, 1, 2]);
});

test('without worklets, sound is complete in a hidden page too', async () => {
    const rate = 44_100;
    const started = [];
    const context = {
        state: 'running', sampleRate: rate, currentTime: 0,
        createGain: () => ({ disconnect() {} }),
        createBuffer: (_, length) => ({ length, copyToChannel(frames) { this.frames = frames.slice(); } }),
        createBufferSource: () => ({ connect() {}, start(at) { started.push([Math.round(at * rate), this.buffer.frames]); } }),
    };
    globalThis.document = { hidden: true };
    const { push, close } = await player(context);
    const block = 882;
    for (let first = 0; first < 3 * rate; first += block) {
        const data = new ArrayBuffer(16 + 4 * block);
        new DataView(data).setBigUint64(8, BigInt(first), true);
        // Never 0, to tell sound from silence.
        new Float32Array(data, 16).forEach((_, i, frames) => { frames[i] = first + i + 1; });
        push(data);
        context.currentTime += block / rate;
    }
    close();
    delete globalThis.document;
    const heard = started.flatMap(([, frames]) => [...frames]);
    const from = heard.findIndex((frame) => frame !== 0);
    assert.ok(heard.length - from > 2 * rate, `${heard.length - from}`);
    heard.slice(from).forEach((frame, i) => assert.equal(frame, i + heard[from]));
    started.slice(1).forEach(([at], i) => assert.equal(at, started[i][0] + 1024));
});
