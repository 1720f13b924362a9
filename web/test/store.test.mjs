import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Disconnected, Refusal } from '../link/connection.js';
import { Store } from '../store/store.js';
import { canned, FakeInstrument, settled } from './fake-port.js';

async function connected(instrument = new FakeInstrument(), options = {}) {
    const store = new Store(options);
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    await store.edits.saveSnapshot();
    return { store, instrument };
}

/** What was received to an instrument, of some types. */
const received = (instrument, ...types) => instrument.received.filter(({ type }) => types.includes(type));

test('sections are merged, and told by name', async () => {
    const { store, instrument } = await connected();
    assert.equal(store.connection.state, 'open');
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
    const compiled = await store.request({ type: 'compile', expression: 't', bits: 8 });
    assert.equal(compiled.type, 'compiled');
    await assert.rejects(
        store.request({ type: 'compile', expression: 't+?', bits: 8 }),
        (problem) => problem instanceof Refusal && problem.at === 2,
    );
    const problems = [];
    store.addEventListener('problem', ({ detail }) => problems.push(detail));
    assert.equal(await store.attempt({ type: 'undo' }), null);
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
    assert.equal(store.connection.state, 'away');
    const answer = store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    await assert.rejects(store.request({ type: 'waveform', columns: 4 }), Disconnected);
    instrument.back();
    assert.equal((await answer).type, 'done');
    assert.deepEqual(instrument.state.layers.layers[0].bends, [[9, 'one', true]]);
});

test('what was sent without an answer is sent again, but no step twice', async () => {
    const { store, instrument } = await connected();
    instrument.mute = 2;
    const paint = store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    const add = store.request({ type: 'add-layer' });
    const unsure = assert.rejects(add, /not known/);
    await settled();
    instrument.drop();
    instrument.back();
    assert.equal((await paint).type, 'done');
    await unsure;
    assert.equal(received(instrument, 'paint').length, 2);
    assert.equal(received(instrument, 'add-layer').length, 1);
    assert.equal(instrument.state.layers.layers.length, 2);
});

test('a restarted instrument gets back all there was, in order', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    // After the snapshot: one that is answered, one that is not, one while away.
    await store.request({ type: 'paint', bends: [[9, 'zero']], begins: true });
    instrument.mute = 1;
    const second = store.request({ type: 'paint', bends: [[10, 'one']], begins: true });
    await settled();
    instrument.drop();
    const third = store.request({ type: 'set', key: 'speed', value: -50 });

    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await Promise.all([second, third]);
    assert.equal(JSON.parse(store.state.network.file).name, 'mine');
    assert.deepEqual(restarted.state.layers.layers[0].bends, [[9, 'zero', true], [10, 'one', true]]);
    assert.equal(store.value('speed'), -50);
    assert.deepEqual(
        received(restarted, 'restore', 'paint', 'set').map(({ type }) => type),
        ['restore', 'paint', 'paint', 'set'],
    );
});

test('a break while it is restored is survived', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    instrument.drop();
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    restarted.drop();
    await settled();
    restarted.back();
    await settled();
    assert.equal(JSON.parse(restarted.state.network.file).name, 'mine');
    assert.equal(store.link.state, 'ready');
});

test('an instrument that has kept all by itself is left alone', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    await store.edits.saveSnapshot();
    instrument.drop();
    const restarted = new FakeInstrument(2);
    restarted.state = structuredClone(instrument.state);
    restarted.back(instrument.listener);
    await settled();
    assert.equal(received(restarted, 'restore').length, 0);
});

test('after a long absence the player is asked', async () => {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    instrument.drop();
    now = 3_600_000;
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await settled();
    assert.equal(store.connection.restorable, true);
    assert.equal(received(restarted, 'restore').length, 0);
    // What it plays now is not what was here, however long the player thinks.
    await store.edits.saveSnapshot();
    await store.link.restorePrevious();
    assert.equal(JSON.parse(restarted.state.network.file).name, 'mine');
    assert.equal(store.connection.restorable, false);
});

test('between connected and alone nothing is lost, time neither', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    instrument.t = 4711;
    const alone = new FakeInstrument(7);
    await store.link.switchTo(alone.connect, 'alone');
    await settled();
    assert.equal(store.connection.mode, 'alone');
    assert.equal(alone.t, 4711);
    assert.equal(JSON.parse(alone.state.network.file).name, 'mine');
    assert.deepEqual(alone.state.layers.layers[0].bends, [[9, 'one', true]]);
    assert.equal(instrument.listeners.size, 0);
    await store.request({ type: 'paint', bends: [[10, 'zero']], begins: true });
    assert.equal(instrument.state.layers.layers[0].bends.length, 1);
    assert.equal(alone.state.layers.layers[0].bends.length, 2);
});

test('alone goes on when the instrument is gone, with what was asked meanwhile', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    instrument.drop();
    const paint = store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    const alone = new FakeInstrument(7);
    await store.link.switchTo(alone.connect, 'alone');
    await paint;
    assert.equal(JSON.parse(alone.state.network.file).name, 'mine');
    assert.deepEqual(alone.state.layers.layers[0].bends, [[9, 'one', true]]);
});

test('one that cannot be had changes nothing', async () => {
    const { store, instrument } = await connected();
    await assert.rejects(store.link.switchTo(() => Promise.reject(new Error('no module')), 'alone'), /no module/);
    assert.equal(store.connection.mode, 'connected');
    await store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    assert.equal(instrument.state.layers.layers[0].bends.length, 1);
});

test('a pairing code is asked for, and kept for the next time', async () => {
    const instrument = new FakeInstrument();
    instrument.code = '1234';
    const store = new Store();
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    assert.equal(store.connection.state, 'pairing');
    store.link.pair('1234');
    await settled();
    assert.equal(store.connection.state, 'open');
    instrument.drop();
    instrument.back();
    await settled();
    assert.equal(store.connection.state, 'open');
});

test('time goes on between what is told of it', async () => {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    instrument.send({ type: 'status', t: 1000, load: 1, late: 0, engine: 'cpu', clients: 1, faults: [] });
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
    const mute = store.link.switchTo(() => ({ send() {}, close() {} }), 'alone');
    const given = assert.rejects(mute, /does not answer/);
    await settled();
    context.mock.timers.tick(10_000);
    await given;
    assert.equal(store.connection.mode, 'connected');
    assert.equal(instrument.listeners.size, 1);
});

const name = (instrument) => JSON.parse(instrument.state.network.file).name;
const bends = (instrument) => instrument.state.layers.layers[0].bends.map(([node, bend]) => `${node} ${bend}`);
const paint = (node, bend = 'one') => ({ type: 'paint', bends: [[node, bend]], begins: true });

/** Disconnected for an hour; back, it plays something else, and the player is asked. */
async function forgotten() {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    instrument.send({ type: 'status', t: 1000, load: 1, late: 0, engine: 'cpu', clients: 1, faults: [] });
    instrument.drop();
    const waits = store.request(paint(9));
    now = 3_600_000;
    const { t } = store;
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await settled();
    return { store, restarted, waits, t };
}

test('what was here is brought back with its time and what was done while away', async () => {
    const { store, restarted, waits, t } = await forgotten();
    assert.equal(received(restarted, 'paint').length, 0);
    // What is done meanwhile is done to what plays now.
    await store.request(paint(10));
    assert.deepEqual(bends(restarted), ['10 one']);
    await store.edits.saveSnapshot();
    await store.link.restorePrevious();
    await waits;
    assert.equal(name(restarted), 'mine');
    assert.deepEqual(bends(restarted), ['9 one']);
    assert.equal(restarted.t, t);
});

test('what is not brought back is let go, and what plays now is kept', async () => {
    const { store, restarted, waits } = await forgotten();
    store.link.discardPrevious();
    await assert.rejects(waits, Disconnected);
    assert.equal(store.connection.restorable, false);
    await store.request(paint(10));
    assert.equal(received(restarted, 'restore').length, 0);
    assert.deepEqual(bends(restarted), ['10 one']);
    await store.link.restorePrevious();
    assert.equal(received(restarted, 'restore').length, 0);
});

test('one that refuses what is brought along is not gone to', async () => {
    const { store, instrument } = await connected();
    const slow = new FakeInstrument(7);
    slow.refuses.restore = 'This network is too slow here.';
    await assert.rejects(store.link.switchTo(slow.connect, 'alone'), /too slow/);
    assert.equal(store.connection.mode, 'connected');
    assert.equal(slow.listeners.size, 0);
    await store.request(paint(9));
    assert.deepEqual(bends(instrument), ['9 one']);
});

test('what is too large for a message is refused, and what comes next is done', async () => {
    const { store, instrument } = await connected();
    const load = store.request({ type: 'load', network: canned(8, 'x'.repeat(5_000_000)) });
    const next = store.request(paint(9));
    await assert.rejects(load, (problem) => problem instanceof Refusal && /5\.0 MB, of at most 3\.5 MB/.test(problem.message));
    await next;
    assert.deepEqual(bends(instrument), ['9 one']);
    assert.equal(store.connection.state, 'open');
});

test('what breaks the connection twice is given up, and nothing else is', async () => {
    const { store, instrument } = await connected();
    instrument.poison = ({ network }) => network?.includes('poison');
    const load = store.request({ type: 'load', network: canned(8, 'poison') });
    const given = assert.rejects(load, /broke twice while "load"/);
    const paints = [store.request(paint(9)), store.request(paint(10))];
    for (let i = 0; i < 2; i++) {
        await settled();
        assert.equal(store.connection.state, 'away');
        instrument.back();
    }
    await Promise.all([given, ...paints]);
    assert.deepEqual(bends(instrument), ['9 one', '10 one']);
    assert.equal(received(instrument, 'load').length, 2);
});

test('one that stands still is left with what was kept of it', async (context) => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    await store.request(paint(9));
    instrument.stuck.add('snapshot');
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const alone = new FakeInstrument(7);
    const used = store.link.switchTo(alone.connect, 'alone');
    await settled();
    context.mock.timers.tick(2000);
    await used;
    await settled();
    assert.equal(name(alone), 'mine');
    assert.deepEqual(bends(alone), ['9 one']);
});

test('a code is typed once, though one goes elsewhere and comes back', async () => {
    const instrument = new FakeInstrument();
    instrument.code = '1234';
    const store = new Store();
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    store.link.pair('1234');
    await settled();
    await store.link.switchTo(new FakeInstrument(7).connect, 'alone');
    await store.link.switchTo(instrument.connect, 'connected');
    assert.equal(store.connection.state, 'open');
    assert.deepEqual(received(instrument, 'hello').map(({ code }) => code), [undefined, '1234', '1234']);
});

test('another code is asked for when the one that was typed is no more', async () => {
    const instrument = new FakeInstrument();
    instrument.code = '1234';
    const store = new Store();
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    store.link.pair('1234');
    await settled();
    instrument.drop();
    const restarted = new FakeInstrument(2);
    restarted.code = '5678';
    restarted.back(instrument.listener);
    await settled();
    assert.equal(store.connection.state, 'pairing');
    assert.equal(store.connection.reason, 'This is not the code.');
    store.link.pair('5678');
    await settled();
    assert.equal(store.connection.state, 'open');
});

test('where one goes to, a code is typed for as long as it takes, or one stays', async (context) => {
    const { store, instrument } = await connected();
    const desk = new FakeInstrument(7);
    desk.code = '1234';
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const used = store.link.switchTo(desk.connect, 'connected');
    await settled();
    assert.equal(store.connection.pairing, '');
    assert.equal(store.connection.state, 'open');
    context.mock.timers.tick(60_000);
    store.link.pair('4321');
    await settled();
    assert.equal(store.connection.pairing, 'This is not the code.');
    store.link.pair('1234');
    await used;
    assert.equal(store.connection.pairing, null);
    assert.equal(instrument.listeners.size, 0);

    const other = new FakeInstrument(8);
    other.code = '99';
    const stays = assert.rejects(store.link.switchTo(other.connect, 'connected'), /stays/);
    await settled();
    store.link.cancelSwitch();
    await stays;
    assert.equal(store.connection.pairing, null);
    assert.equal(desk.listeners.size, 1);
});

test('what was of the moment is not done again after a restart', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    await store.request({ type: 'seek', t: 5 });
    await store.request({ type: 'play', playing: true });
    await store.request({ type: 'save-preset', name: 'dawn' });
    await store.request({ type: 'delete-preset', name: 'dawn' });
    await store.request(paint(9));
    instrument.drop();
    const waits = store.request({ type: 'seek', t: 7 });
    const restarted = new FakeInstrument(2);
    restarted.back(instrument.listener);
    await waits;
    assert.deepEqual(
        received(restarted, 'seek', 'play', 'save-preset', 'delete-preset', 'paint').map(({ type, t }) => [type, t]),
        [['paint', undefined], ['seek', 7]],
    );
});

test('what stands still goes on standing still elsewhere, from the first moment', async () => {
    const { store } = await connected();
    await store.request({ type: 'play', playing: false });
    const alone = new FakeInstrument(7);
    await store.link.switchTo(alone.connect, 'alone');
    assert.equal(alone.state.transport.playing, false);
    assert.equal(store.state.transport.playing, false);
    assert.deepEqual(received(alone, 'play', 'restore').map(({ type }) => type), ['play', 'restore']);
    await store.request({ type: 'play', playing: true });
    const desk = new FakeInstrument(8);
    desk.state.transport.playing = false;
    await store.link.switchTo(desk.connect, 'connected');
    assert.equal(desk.state.transport.playing, true);
});

test('what is told while one goes over is known in the order in which it was told', async () => {
    const { store, instrument } = await connected();
    instrument.state.layers.layers[0].bends = [[9, 'one', true]];
    const alone = new FakeInstrument(7);
    const { handle } = instrument;
    // While the old one answers, the other's layers change, by its own pad.
    instrument.handle = function during(message, listener) {
        if (message.type === 'snapshot') alone.change({ layers: { layers: [{ name: 'x', strength: 1, bends: [] }], chosen: 0 } });
        return handle.call(this, message, listener);
    };
    await store.link.switchTo(alone.connect, 'alone');
    alone.change({ presets: ['later'] });
    await settled();
    assert.deepEqual(store.state.layers, alone.state.layers);
    assert.deepEqual(store.state.presets, ['later']);
    assert.equal(store.state.network.revision, alone.state.network.revision);
});

test('what others may be playing is replaced only if the player says so', async () => {
    const cases = [
        { asked: false, change() {} },
        { asked: true, change: (desk) => { desk.clients = 3; } },
        { asked: true, change: (desk) => { desk.state.network = desk.network(canned(8, 'theirs')); } },
    ];
    for (const yes of [true, false]) for (const { asked, change } of cases) {
        const desk = new FakeInstrument();
        desk.clients = 1;
        const { store } = await connected(desk);
        await store.link.switchTo(new FakeInstrument(7).connect, 'alone');
        await store.request({ type: 'load', network: canned(8, 'mine') });
        change(desk);
        const before = name(desk);
        let questions = 0;
        const confirmReplace = async () => { questions += 1; return yes; };
        const brought = await store.link.switchTo(desk.connect, 'connected', { confirmReplace });
        await settled();
        assert.equal(questions, asked ? 1 : 0);
        assert.equal(brought, yes || !asked);
        assert.equal(name(desk), brought ? 'mine' : before);
        assert.equal(store.state.network.file, desk.state.network.file);
    }
});

test('one that is long to be fetched is waited for; its patience begins then', async (context) => {
    const { store } = await connected();
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const alone = new FakeInstrument(7);
    let fetched;
    const slowly = new Promise((resolve) => { fetched = resolve; });
    const used = store.link.switchTo(async (listener) => { await slowly; return alone.connect(listener); }, 'alone');
    await settled();
    context.mock.timers.tick(60_000);
    fetched();
    await used;
    assert.equal(store.connection.mode, 'alone');
});
