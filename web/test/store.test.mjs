import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Disconnected, Refusal } from '../link/connection.js';
import { Sound } from '../audio/sound.js';
import { Store } from '../store/store.js';
import { canned, FakeInstrument, PARAMETERS, settled } from './fake-port.js';

async function connected(instrument = new FakeInstrument(), options = {}) {
    const store = new Store(options);
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    await store.edits.saveSnapshot();
    return { store, instrument };
}

/** Messages of some types that an instrument received. */
const received = (instrument, ...types) => instrument.received.filter(({ type }) => types.includes(type));

test('sections are merged and dispatched by name', async () => {
    const { store, instrument } = await connected();
    assert.equal(store.connection.state, 'open');
    assert.equal(store.state.library.place, 1);
    const events = [];
    store.addEventListener('presets', ({ detail }) => events.push(detail));
    store.addEventListener('network', () => events.push('network'));
    instrument.change({ presets: ['dawn'] });
    assert.deepEqual(events, [['dawn']]);
    assert.equal(store.state.library.place, 1);
});

test('changed bends are merged into the layers, if the instrument has them', async () => {
    const { store, instrument } = await connected();
    const listens = () => received(instrument, 'listen').map(({ bends }) => bends);
    assert.deepEqual(listens(), [undefined]);
    store.receive({ ...store.welcome, bends: true });
    await settled();
    assert.deepEqual(listens(), [undefined, true]);
    instrument.change({ layers: { chosen: 0, layers: [
        { name: 'hand', strength: 100, bends: [[3, 'one', true], [5, 'zero', true], [9, 'invert', true]] },
        { name: 'high', strength: 50, bends: [[4, 'one', true]] },
    ] } });
    const before = store.state.layers;
    const seen = [];
    store.addEventListener('layers', ({ detail }) => seen.push(detail));
    instrument.send({ type: 'state', bends: [{ layer: 0, bends: [[2, 'one', true], [5, null, false], [9, { op: 6 }, false], [10, 'zero', true]] }] });
    assert.deepEqual(store.state.layers.layers[0].bends, [[2, 'one', true], [3, 'one', true], [9, { op: 6 }, false], [10, 'zero', true]]);
    assert.equal(store.state.layers.layers[1], before.layers[1]);
    assert.equal(before.layers[0].bends.length, 3);
    assert.deepEqual(seen, [store.state.layers]);
    assert.equal('bends' in store.state, false);
});

test('parameters have their defaults until their values are known', () => {
    const store = new Store();
    assert.equal(store.value('speed'), 0);
    store.receive({ type: 'welcome', parameters: PARAMETERS });
    assert.deepEqual(['speed', 'radius'].map((key) => store.value(key)), [100, 8]);
    store.receive({ type: 'state', parameters: PARAMETERS.map(() => 3) });
    assert.equal(store.value('radius'), 3);
});

test('the link passes through its states', async () => {
    const { store, instrument } = await connected();
    await store.request(paint(9));
    await store.edits.saveSnapshot();
    const states = [store.link.state];
    for (const event of ['connection', 'welcome', 'network']) {
        store.addEventListener(event, () => { if (states.at(-1) !== store.link.state) states.push(store.link.state); });
    }
    instrument.drop();
    new FakeInstrument(2).back(instrument.listener);
    await settled();
    states.push(store.link.state);
    assert.deepEqual(states, ['ready', 'disconnected', 'greeted', 'restoring', 'ready']);
});

test('a reply settles its request, a refusal with its reason and place', async () => {
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

test('binary messages are decoded', async () => {
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

test('edits made while disconnected are sent after reconnecting', async () => {
    const { store, instrument } = await connected();
    instrument.drop();
    assert.equal(store.connection.state, 'away');
    const answer = store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    await assert.rejects(store.request({ type: 'waveform', columns: 4 }), Disconnected);
    instrument.back();
    assert.equal((await answer).type, 'done');
    assert.deepEqual(instrument.state.layers.layers[0].bends, [[9, 'one', true]]);
});

test('unanswered edits are sent again, unless they are not idempotent', async () => {
    const { store, instrument } = await connected();
    instrument.mute = 2;
    const paint = store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    const add = store.request({ type: 'add-layer' });
    const unknown = assert.rejects(add, /not known/);
    await settled();
    instrument.drop();
    instrument.back();
    assert.equal((await paint).type, 'done');
    await unknown;
    assert.equal(received(instrument, 'paint').length, 2);
    assert.equal(received(instrument, 'add-layer').length, 1);
    assert.equal(instrument.state.layers.layers.length, 2);
});

test('a restarted instrument gets the snapshot and all edits since, in order', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.edits.saveSnapshot();
    // After the snapshot: an answered edit, an unanswered one, one while disconnected.
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
        received(restarted, 'resume', 'paint', 'set').map(({ type }) => type),
        ['resume', 'paint', 'paint', 'set'],
    );
});

test('a restore goes on after a break', async () => {
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

/** Two pages of one instrument, which has a network and a bend. */
async function twoPages() {
    const instrument = new FakeInstrument();
    const [one, two] = [await connected(instrument), await connected(instrument)].map(({ store }) => store);
    await one.request({ type: 'load', network: canned(8, 'shared') });
    await one.request(paint(9));
    await settled();
    for (const store of [one, two]) await store.edits.saveSnapshot();
    const listeners = [...instrument.listeners];
    instrument.listeners.clear();
    for (const listener of listeners) listener.onclose('The connection broke.');
    return { pages: [one, two], listeners };
}

for (const [title, order] of /** @type {const} */ ([['first', [0, 1]], ['last', [1, 0]]])) {
    test(`edits made while away survive a restart if their page returns ${title}`, async () => {
        for (const [edit, check] of /** @type {const} */ ([
            [{ type: 'random', seed: 5 }, (instrument) => name(instrument) === 'random 5'],
            [{ type: 'add-layer', name: 'bass' }, (instrument) => instrument.state.layers.layers.length === 2],
        ])) {
            const { pages, listeners } = await twoPages();
            const done = pages[0].request(edit);
            const restarted = new FakeInstrument(2);
            for (const i of order) {
                restarted.back(listeners[i]);
                await settled();
            }
            await done;
            assert.ok(check(restarted), `${edit.type} is lost`);
            assert.deepEqual(pages.map(({ connection }) => connection.restorable), [false, false]);
            for (const { state } of pages) assert.deepEqual(state, restarted.state);
        }
    });
}

test('pages that return at once do not overwrite each other', async () => {
    const { pages, listeners } = await twoPages();
    const done = pages.map((page, i) => page.request(paint(10 + i)));
    const restarted = new FakeInstrument(2);
    for (const listener of listeners) restarted.back(listener);
    await Promise.all(done);
    assert.equal(name(restarted), 'shared');
    assert.deepEqual(bends(restarted), ['9 one', '10 one', '11 one']);
    const resumes = received(restarted, 'resume');
    assert.equal(resumes.length, 2);
});

test('edits since the snapshot that another page has restored are made again', async () => {
    const instrument = new FakeInstrument();
    const [one, two] = [await connected(instrument), await connected(instrument)].map(({ store }) => store);
    const listeners = [...instrument.listeners];
    await one.request({ type: 'load', network: canned(8, 'shared') });
    await settled();
    for (const store of [one, two]) await store.edits.saveSnapshot();
    await one.request(paint(9));
    await two.request(paint(10));
    await two.request({ type: 'add-layer' });
    instrument.listeners.clear();
    for (const listener of listeners) listener.onclose('The connection broke.');
    const restarted = new FakeInstrument(2);
    for (const listener of listeners) {
        restarted.back(listener);
        await settled();
    }
    assert.deepEqual(bends(restarted), ['9 one', '10 one']);
    assert.equal(restarted.state.layers.layers.length, 2);
});

test('what a player did after a restart is not replaced without a question', async () => {
    const { pages: [one], listeners } = await twoPages();
    const waits = one.request({ type: 'random', seed: 5 });
    const restarted = new FakeInstrument(2);
    restarted.change({ network: restarted.network(canned(8, 'theirs')) });
    restarted.back(listeners[0]);
    await settled();
    assert.equal(name(restarted), 'theirs');
    assert.equal(one.connection.restorable, true);
    await one.link.restorePrevious();
    await waits;
    assert.equal(name(restarted), 'random 5');
});

test('an edit whose network or layer is gone is refused with a sentence', async () => {
    const { store, instrument } = await connected();
    await store.request({ type: 'add-layer', name: 'bass' });
    instrument.drop();
    const problems = [];
    store.addEventListener('problem', ({ detail }) => problems.push(detail));
    const edits = [
        paint(9), { type: 'remove-layer', layer: 1 }, { type: 'strength', layer: 0, strength: 40 }, { type: 'random', seed: 5 }, paint(10),
    ].map((edit) => store.attempt(edit));
    // Meanwhile, another player has replaced the network and the layer.
    const { layers } = instrument.state.layers;
    instrument.state.layers = { layers: [{ ...layers[1], name: 'lead' }, layers[0]], chosen: 0 };
    instrument.state.network = instrument.network(canned(8, 'theirs'));
    instrument.back();
    await Promise.all(edits);
    assert.deepEqual(problems, ['canned no longer plays.', 'The layer bass is gone.', 'canned no longer plays.']);
    // The layer is found by its name.
    assert.deepEqual(instrument.state.layers.layers.map(({ strength }) => strength), [100, 40]);
    assert.equal(name(instrument), 'random 5');
});

test('an instrument that has restored itself is not restored again', async () => {
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
    // A snapshot of what plays now must not replace the one to be restored.
    await store.edits.saveSnapshot();
    await store.link.restorePrevious();
    assert.equal(JSON.parse(restarted.state.network.file).name, 'mine');
    assert.equal(store.connection.restorable, false);
});

test('a switch keeps network, bends and time', async () => {
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

test('the instrument in the page plays on after a break, with the edits since', async () => {
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

test('a failed switch changes nothing', async () => {
    const { store, instrument } = await connected();
    await assert.rejects(store.link.switchTo(() => Promise.reject(new Error('no module')), 'alone'), /no module/);
    assert.equal(store.connection.mode, 'connected');
    await store.request({ type: 'paint', bends: [[9, 'one']], begins: true });
    assert.equal(instrument.state.layers.layers[0].bends.length, 1);
});

test('a pairing code is requested once, and its token is used after a break', async () => {
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
    const sent = received(instrument, 'hello').map(({ code, token }) => [code, token]);
    assert.deepEqual(sent, [[undefined, undefined], ['1234', undefined], [undefined, 'token of 1 1234']]);
});

test('a code can be typed while the connection breaks, and is sent with the next one', async () => {
    const instrument = new FakeInstrument();
    instrument.code = '1234';
    const store = new Store();
    await store.link.switchTo(instrument.connect, 'connected');
    await settled();
    store.link.pair('9999');
    await settled();
    assert.equal(store.connection.reason, 'This is not the code.');
    instrument.drop('Others are waiting.');
    assert.deepEqual([store.connection.state, store.connection.reason], ['pairing', 'Others are waiting.']);
    instrument.back();
    await settled();
    assert.deepEqual([store.connection.state, store.connection.reason], ['pairing', 'This is not the code.']);
    instrument.drop();
    store.link.pair('1234');
    await settled();
    instrument.back();
    await settled();
    assert.equal(store.connection.state, 'open');
});

test('time is extrapolated between messages', async () => {
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

test('a switch to an instrument that never answers fails and changes nothing', async (context) => {
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

/** An instrument that was restarted during an absence of an hour: the player is asked. */
async function afterLongAbsence() {
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

test('the player restores what played, with its time and the edits since', async () => {
    const { store, restarted, waits, t } = await afterLongAbsence();
    assert.equal(received(restarted, 'paint').length, 0);
    // Edits made meanwhile belong to what plays now.
    await store.request(paint(10));
    assert.deepEqual(bends(restarted), ['10 one']);
    await store.edits.saveSnapshot();
    await store.link.restorePrevious();
    await waits;
    assert.equal(name(restarted), 'mine');
    assert.deepEqual(bends(restarted), ['9 one']);
    assert.equal(restarted.t, t);
});

test('the player keeps what plays now', async () => {
    const { store, restarted, waits } = await afterLongAbsence();
    store.link.discardPrevious();
    await assert.rejects(waits, Disconnected);
    assert.equal(store.connection.restorable, false);
    await store.request(paint(10));
    assert.equal(received(restarted, 'restore').length, 0);
    assert.deepEqual(bends(restarted), ['10 one']);
    await store.link.restorePrevious();
    assert.equal(received(restarted, 'restore').length, 0);
});

test('a switch fails if the new instrument refuses the snapshot', async () => {
    const { store, instrument } = await connected();
    const slow = new FakeInstrument(7);
    slow.refuses.restore = 'This network is too slow here.';
    await assert.rejects(store.link.switchTo(slow.connect, 'alone'), /too slow/);
    assert.equal(store.connection.mode, 'connected');
    assert.equal(slow.listeners.size, 0);
    await store.request(paint(9));
    assert.deepEqual(bends(instrument), ['9 one']);
});

test('a message that is too large is refused, and the next edit is done', async () => {
    const { store, instrument } = await connected();
    const load = store.request({ type: 'load', network: canned(8, 'x'.repeat(5_000_000)) });
    const next = store.request(paint(9));
    await assert.rejects(load, (problem) => problem instanceof Refusal && /5\.0 MB, of at most 3\.5 MB/.test(problem.message));
    await next;
    assert.deepEqual(bends(instrument), ['9 one']);
    assert.equal(store.connection.state, 'open');
});

test('an edit that breaks the connection twice is given up, and no other', async () => {
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

test('a switch from an instrument that hangs uses the latest snapshot', async (context) => {
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

test('a pairing lasts after a switch and back', async () => {
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
    assert.deepEqual(received(instrument, 'hello').map(({ code }) => code), [undefined, '1234', undefined]);
});

test('another pairing code is requested when the token has expired', async () => {
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
    // The player has not typed it.
    assert.equal(store.connection.reason, '');
    store.link.pair('9999');
    await settled();
    assert.equal(store.connection.reason, 'This is not the code.');
    store.link.pair('5678');
    await settled();
    assert.equal(store.connection.state, 'open');
});

test('a token is kept, and an expired one is forgotten without a reason', async (context) => {
    const kept = new Map();
    const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: {
        getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key),
    } });
    context.after(() => {
        if (before) Object.defineProperty(globalThis, 'localStorage', before);
        else delete globalThis.localStorage;
    });
    const instrument = new FakeInstrument();
    instrument.code = '1234';
    const visit = async () => {
        const store = new Store();
        await store.link.switchTo(instrument.connect, 'connected');
        await settled();
        return store;
    };
    const first = await visit();
    assert.equal(first.connection.state, 'pairing');
    first.link.pair('12');
    await settled();
    assert.equal(kept.size, 0);
    first.link.pair('1234');
    await settled();
    assert.deepEqual([...kept.values()], ['token of 1 1234']);
    assert.equal((await visit()).connection.state, 'open');
    instrument.code = '5678';
    const third = await visit();
    assert.deepEqual([third.connection.state, third.connection.reason, kept.size], ['pairing', '', 0]);
});

test('time stands still and nothing is audible while the instrument is away', async () => {
    let now = 0;
    const { store, instrument } = await connected(new FakeInstrument(), { now: () => now });
    const sound = new Sound(store);
    sound.source = { context: { state: 'running' } };
    now = 1000;
    const t = store.t;
    assert.ok(t > 0 && sound.audible);
    instrument.drop();
    now = 9000;
    assert.equal(store.t, t);
    assert.ok(!sound.audible);
    instrument.back();
    await settled();
    now = 10_000;
    assert.ok(store.t > t && sound.audible);
});

test('what plays is described once, with its place in the library', async () => {
    const { store, instrument } = await connected();
    assert.deepEqual([store.playing.name, store.playing.place, store.playing.bits], ['canned', 1, 8]);
    instrument.change({ network: instrument.network(canned(9, 'random 5')) });
    assert.deepEqual([store.playing.name, store.playing.place, store.playing.bits], ['random 5', -1, 9]);
    instrument.change({ network: instrument.network(canned(8, 'canned')) });
    assert.equal(store.playing.place, 1);
});

test('a switch waits for a pairing code without a time limit, or is cancelled', async (context) => {
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

test('transient edits are not repeated after a restart', async () => {
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

test('a paused instrument stays paused after a switch, from the first sample', async () => {
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

test('messages received during a switch are applied in their order', async () => {
    const { store, instrument } = await connected();
    instrument.state.layers.layers[0].bends = [[9, 'one', true]];
    const alone = new FakeInstrument(7);
    const { handle } = instrument;
    // While the old instrument replies, someone else changes the layers of the new one.
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

test('what others may be playing is replaced only if the player agrees', async () => {
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

test('the time limit starts once a slow module is loaded', async (context) => {
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
