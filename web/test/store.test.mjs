import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Away, Refusal } from '../conversation.js';
import { Store } from '../store.js';
import { canned, FakeInstrument, settled } from './fake-port.js';

async function connected(instrument = new FakeInstrument(), options = {}) {
    const store = new Store(options);
    await store.use(instrument.connect, 'connected');
    await settled();
    await store.keepSnapshot();
    return { store, instrument };
}

/** What was said to an instrument, of some types. */
const said = (instrument, ...types) => instrument.heard.filter(({ type }) => types.includes(type));

test('sections are merged, and told by name', async () => {
    const { store, instrument } = await connected();
    assert.equal(store.connection.standing, 'open');
    assert.equal(store.state.library.place, 1);
    const told = [];
    store.addEventListener('presets', ({ detail }) => told.push(detail));
    store.addEventListener('network', () => told.push('network'));
    instrument.change({ presets: ['dawn'] });
    assert.deepEqual(told, [['dawn']]);
    assert.equal(store.state.library.place, 1);
});

test('an answer goes to who asked, a refusal with its reason and place', async () => {
    const { store } = await connected();
    const compiled = await store.ask({ type: 'compile', expression: 't', bits: 8 });
    assert.equal(compiled.type, 'compiled');
    await assert.rejects(
        store.ask({ type: 'compile', expression: 't+?', bits: 8 }),
        (problem) => problem instanceof Refusal && problem.at === 2,
    );
    const problems = [];
    store.addEventListener('problem', ({ detail }) => problems.push(detail));
    assert.equal(await store.please({ type: 'undo' }), null);
    assert.deepEqual(problems, ['Nothing to undo.']);
});

test('binary messages are read', async () => {
    const { store, instrument } = await connected();
    const activity = new Uint8Array([1, 0, 0, 0, 9, 0, 0, 0, 5, 1, 0, 0, 0x80, 0x7f]);
    instrument.listener.onmessage(activity.buffer);
    assert.deepEqual({ ...store.activity, nodes: [...store.activity.nodes] }, { revision: 9, t: 261, nodes: [128, 127] });
    const display = new Uint8Array([2, 1, 200, 32, ...Array(512).fill(0xaa)]);
    instrument.listener.onmessage(display.buffer);
    assert.equal(store.display.height, 32);
    assert.equal(store.display.bytes.length, 512);
    for (const broken of [[], [1], [2, 1], [3, 0, 0], [9, 9]]) {
        instrument.listener.onmessage(new Uint8Array(broken).buffer);
    }
    assert.equal(store.activity.t, 261);
});

test('what is edited while away is made once the instrument is back', async () => {
    const { store, instrument } = await connected();
    instrument.drop();
    assert.equal(store.connection.standing, 'away');
    const answer = store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    await assert.rejects(store.ask({ type: 'waveform', columns: 4 }), Away);
    instrument.back();
    assert.equal((await answer).type, 'done');
    assert.deepEqual(instrument.state.layers.layers[0].bends, [[9, 'one', true]]);
});

test('what was sent without an answer is sent again, but no step twice', async () => {
    const { store, instrument } = await connected();
    instrument.mute = 2;
    const paint = store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    const add = store.ask({ type: 'add-layer' });
    const unsure = assert.rejects(add, /not known/);
    await settled();
    instrument.drop();
    instrument.back();
    assert.equal((await paint).type, 'done');
    await unsure;
    assert.equal(said(instrument, 'paint').length, 2);
    assert.equal(said(instrument, 'add-layer').length, 1);
    assert.equal(instrument.state.layers.layers.length, 2);
});

test('a restarted instrument gets back all there was, in order', async () => {
    const { store, instrument } = await connected();
    await store.ask({ type: 'load', network: canned(8, 'mine') });
    await store.keepSnapshot();
    // After the snapshot: one that is answered, one that is not, one while away.
    await store.ask({ type: 'paint', bends: [[9, 'zero']], begins: true });
    instrument.mute = 1;
    const second = store.ask({ type: 'paint', bends: [[10, 'one']], begins: true });
    await settled();
    instrument.drop();
    const third = store.ask({ type: 'set', key: 'speed', value: -50 });

    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await Promise.all([second, third]);
    assert.equal(JSON.parse(store.state.network.file).name, 'mine');
    assert.deepEqual(restarted.state.layers.layers[0].bends, [[9, 'zero', true], [10, 'one', true]]);
    assert.equal(store.value('speed'), -50);
    assert.deepEqual(
        said(restarted, 'restore', 'paint', 'set').map(({ type }) => type),
        ['restore', 'paint', 'paint', 'set'],
    );
});

test('a break while it is restored is survived', async () => {
    const { store, instrument } = await connected();
    await store.ask({ type: 'load', network: canned(8, 'mine') });
    await store.keepSnapshot();
    instrument.drop();
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    restarted.drop();
    await settled();
    restarted.back();
    await settled();
    assert.equal(JSON.parse(restarted.state.network.file).name, 'mine');
    assert.equal(store.arriving, false);
});

test('an instrument that has kept all by itself is left alone', async () => {
    const { store, instrument } = await connected();
    await store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    await store.keepSnapshot();
    instrument.drop();
    const restarted = new FakeInstrument(2);
    restarted.state = structuredClone(instrument.state);
    restarted.back(instrument.listener);
    await settled();
    assert.equal(said(restarted, 'restore').length, 0);
});

test('after a long absence the player is asked', async () => {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    await store.ask({ type: 'load', network: canned(8, 'mine') });
    await store.keepSnapshot();
    instrument.drop();
    now = 3_600_000;
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await settled();
    assert.equal(store.connection.restorable, true);
    assert.equal(said(restarted, 'restore').length, 0);
    await store.bringBack();
    assert.equal(JSON.parse(restarted.state.network.file).name, 'mine');
    assert.equal(store.connection.restorable, false);
});

test('between connected and alone nothing is lost, time neither', async () => {
    const { store, instrument } = await connected();
    await store.ask({ type: 'load', network: canned(8, 'mine') });
    await store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    instrument.t = 4711;
    const alone = new FakeInstrument(7);
    await store.use(alone.connect, 'alone');
    await settled();
    assert.equal(store.connection.how, 'alone');
    assert.equal(alone.t, 4711);
    assert.equal(JSON.parse(alone.state.network.file).name, 'mine');
    assert.deepEqual(alone.state.layers.layers[0].bends, [[9, 'one', true]]);
    assert.equal(instrument.listeners.size, 0);
    await store.ask({ type: 'paint', bends: [[10, 'zero']], begins: true });
    assert.equal(instrument.state.layers.layers[0].bends.length, 1);
    assert.equal(alone.state.layers.layers[0].bends.length, 2);
});

test('alone goes on when the instrument is gone, with what was asked meanwhile', async () => {
    const { store, instrument } = await connected();
    await store.ask({ type: 'load', network: canned(8, 'mine') });
    await store.keepSnapshot();
    instrument.drop();
    const paint = store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    const alone = new FakeInstrument(7);
    await store.use(alone.connect, 'alone');
    await paint;
    assert.equal(JSON.parse(alone.state.network.file).name, 'mine');
    assert.deepEqual(alone.state.layers.layers[0].bends, [[9, 'one', true]]);
});

test('one that cannot be had changes nothing', async () => {
    const { store, instrument } = await connected();
    await assert.rejects(store.use(() => Promise.reject(new Error('no module')), 'alone'), /no module/);
    assert.equal(store.connection.how, 'connected');
    await store.ask({ type: 'paint', bends: [[9, 'one']], begins: true });
    assert.equal(instrument.state.layers.layers[0].bends.length, 1);
});

test('a pairing code is asked for, and kept for the next time', async () => {
    const instrument = new FakeInstrument();
    const { hear } = instrument;
    instrument.hear = function code(message, listener) {
        if (message.type === 'hello' && message.code !== '1234') return this.tell({ type: 'pairing' }, listener);
        return hear.call(this, message, listener);
    };
    const store = new Store();
    await store.use(instrument.connect, 'connected');
    await settled();
    assert.equal(store.connection.standing, 'pairing');
    store.pair('1234');
    await settled();
    assert.equal(store.connection.standing, 'open');
    instrument.drop();
    instrument.back();
    await settled();
    assert.equal(store.connection.standing, 'open');
});

test('time goes on between what is told of it', async () => {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    instrument.tell({ type: 'status', t: 1000, load: 1, late: 0, engine: 'cpu', clients: 1, faults: [] });
    now = 500;
    assert.equal(store.t, 5000);
    instrument.change({ parameters: [-12, -200, 0, 0, 0, 0, 8, 0] });
    now = 1000;
    assert.equal(store.t, (5000 - 8000) >>> 0);
    instrument.change({ transport: { playing: false, rate: 8000, seeks: 0 } });
    now = 9000;
    assert.equal(store.t, (5000 - 8000) >>> 0);
});

test('one that never answers is given up, and nothing has changed', async (context) => {
    const { store, instrument } = await connected();
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const mute = store.use(() => ({ send() {}, close() {} }), 'alone');
    const given = assert.rejects(mute, /does not answer/);
    await settled();
    context.mock.timers.tick(10_000);
    await given;
    assert.equal(store.connection.how, 'connected');
    assert.equal(instrument.listeners.size, 1);
});
