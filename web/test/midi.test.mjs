// Keys on the screen and MIDI devices become messages of the protocol.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MidiInputs } from '../link/midi-inputs.js';
import { MidiOutput } from '../store/midi.js';
import { Notes, isWhite, keysFrom, letterOf, noteName, noteOf } from '../ui/piano.js';

test('the middle row of the computer plays white keys, the row above it black ones', () => {
    assert.deepEqual(['KeyA', 'KeyW', 'KeyS', 'KeyK', 'Quote', 'KeyQ'].map((code) => noteOf(code, 60)), [60, 61, 62, 72, 77, null]);
    assert.equal(noteOf('BracketRight', 120), null);
    for (let note = 60; note < 79; note++) {
        const above = ['W', 'E', 'T', 'Y', 'U', 'O', 'P', ']'].includes(letterOf(note, 60, null));
        assert.equal(isWhite(note), !above, noteName(note));
    }
    assert.equal(letterOf(60, 60, new Map([['KeyA', 'q']])), 'Q');
    assert.deepEqual([letterOf(59, 60, null), noteName(60), noteName(21)], ['', 'C4', 'A0']);
});

test('keys are laid out as on a piano', () => {
    const keys = keysFrom(60, 2);
    assert.equal(keys.length, 25);
    const white = keys.filter((key) => key.white);
    assert.deepEqual(white.map(({ note }) => note % 12).slice(0, 8), [0, 2, 4, 5, 7, 9, 11, 0]);
    assert.ok(Math.abs(white.at(-1).left + white.at(-1).width - 1) < 1e-9);
    for (const { note, left, width } of keys.filter((key) => !key.white)) {
        const next = white.find((key) => key.note === note + 1);
        assert.ok(Math.abs(left + width / 2 - next.left) < 1e-9, noteName(note));
    }
    assert.equal(keysFrom(120, 3).filter(({ note }) => note > 127).length, 0);
});

test('a note sounds until all that holds it is released', () => {
    const sent = [];
    const notes = new Notes((bytes) => sent.push(bytes.map((byte) => byte.toString(16)).join(' ')));
    const taken = () => sent.splice(0);
    notes.press('KeyA', 60, 100);
    notes.press(1, 60, 300);
    notes.release('KeyA');
    assert.deepEqual(taken(), ['90 3c 64', '90 3c 7f']);
    notes.press(1, 62, 0);
    notes.press(1, 62, 90);
    assert.deepEqual(taken(), ['90 3e 1', '80 3c 0']);
    // Notes end on the channel on which they began.
    notes.pedal(true);
    notes.pedal(true);
    notes.channel = 3;
    notes.press(2, 64, 50);
    assert.deepEqual([...notes.notes], [62, 64]);
    notes.clear();
    notes.clear();
    notes.release(2);
    assert.deepEqual(taken(), ['b0 40 7f', '93 40 32', '80 3e 0', '83 40 0', 'b0 40 0']);
});

/** A store that takes messages, with a clock. */
class FakeStore extends EventTarget {
    time = 0;
    sent = [];
    state = { midi: { keys: [] } };
    connection = { state: 'open' };
    now = () => this.time;
    send = (message) => this.sent.push(message);
}

test('a message is sent at once, and a flood in few messages, in order', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const store = new FakeStore();
    const output = new MidiOutput(store);
    output.send([0x90, 60, 1]);
    assert.deepEqual(store.sent, [{ type: 'midi', bytes: '90 3c 01' }]);
    for (let note = 0; note < 100; note++) output.send([0x90, note, 64]);
    assert.equal(store.sent.length, 1);
    store.time = 4;
    t.mock.timers.tick(4);
    assert.equal(store.sent.length, 2);
    assert.equal(store.sent[1].bytes.split(' ').length, 300);
    assert.ok(store.sent[1].bytes.startsWith('90 00 40 90 01 40'));
    // Timers of a hidden page are late, so that a full message does not wait.
    for (let i = 0; i < 200; i++) output.send([0xb0, 1, i & 127]);
    assert.equal(store.sent[2].bytes.split(' ').length, 600);
    t.mock.timers.tick(4);
    assert.equal(store.sent.length, 3);
});

test('nothing is sent to an instrument that is away or has no keys', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const store = new FakeStore();
    const output = new MidiOutput(store);
    output.send([0x90, 60, 1]);
    output.send([0x90, 61, 1]);
    store.connection.state = 'away';
    store.dispatchEvent(new Event('connection'));
    t.mock.timers.tick(10);
    assert.equal(store.sent.length, 1);
    store.state = {};
    store.time = 100;
    output.send([0x90, 62, 1]);
    assert.equal(store.sent.length, 1);
});

test('devices are heard while they are plugged in, and leave no note behind', async () => {
    const sent = [];
    const inputs = new MidiInputs((bytes) => sent.push([...bytes]));
    const device = (id, state = 'connected') => ({ id, name: `device ${id}`, state, onmidimessage: null });
    const [one, two] = [device('1'), device('2')];
    const access = { inputs: new Map([['1', one]]), onstatechange: null };
    Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { requestMIDIAccess: async () => access } });
    assert.ok(inputs.possible && !inputs.on);
    await inputs.open();
    assert.deepEqual(inputs.names, ['device 1']);
    const hear = (from, ...data) => from.onmidimessage?.({ data: Uint8Array.from(data) });
    hear(one, 0x92, 60, 100);
    hear(one, 0xfe);
    hear(one, 0xf0, 1, 2, 0xf7);
    hear(one, 0xf8);
    assert.deepEqual(sent.splice(0), [[0x92, 60, 100], [0xf8]]);
    access.inputs.set('2', two);
    access.onstatechange();
    hear(two, 0xb5, 7, 9);
    assert.deepEqual([sent.splice(0), inputs.names.length], [[[0xb5, 7, 9]], 2]);
    one.state = 'disconnected';
    access.onstatechange();
    assert.deepEqual(sent.splice(0), [[0xb2, 121, 0], [0xb2, 123, 0]]);
    hear(one, 0x92, 60, 100);
    assert.deepEqual(sent, []);
    inputs.close();
    assert.deepEqual(sent.splice(0), [[0xb5, 121, 0], [0xb5, 123, 0]]);
    assert.ok(!inputs.on && two.onmidimessage === null && access.onstatechange === null);
});

test('without permission there are no devices, and the player is told', async () => {
    Object.defineProperty(globalThis, 'navigator', {
        configurable: true, value: { requestMIDIAccess: async () => { throw new DOMException('no', 'NotAllowedError'); } },
    });
    const inputs = new MidiInputs(() => {});
    await inputs.open();
    assert.ok(!inputs.on && /MIDI/.test(inputs.problem));
});
