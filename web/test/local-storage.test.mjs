import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LocalStorage } from '../store/local-storage.js';
import { Store } from '../store/store.js';
import { canned, FakeInstrument, settled } from './fake-port.js';

test('where the browser saves nothing, the player is told once and plays on', async () => {
    const store = new Store();
    const storage = new LocalStorage(store);
    const problems = [];
    store.addEventListener('problem', ({ detail }) => problems.push(detail));
    await store.link.switchTo(new FakeInstrument().connect, 'connected');
    await settled();
    await store.link.switchTo(new FakeInstrument(7).connect, 'alone', { prepare: (next) => storage.prepare(next) });
    await store.request({ type: 'save-preset', name: 'dawn' });
    await store.edits.saveSnapshot();
    await settled();
    assert.equal(problems.length, 1);
    assert.match(problems[0], /keeps nothing/);
    assert.deepEqual(store.state.presets, ['dawn']);
});

test('a new page plays on what was last played alone, with its presets', async () => {
    const kept = new Map();
    const page = async () => {
        const store = new Store();
        const storage = new LocalStorage(store);
        storage.get = async (key) => structuredClone(kept.get(key));
        storage.put = async (key, value) => { kept.set(key, structuredClone(value)); };
        storage.clear = async () => { kept.delete('played'); };
        await store.link.switchTo(new FakeInstrument().connect, 'connected');
        await settled();
        const alone = new FakeInstrument(7);
        await store.link.switchTo(alone.connect, 'alone', { prepare: (next) => storage.prepare(next) });
        await settled();
        return { store, alone, storage };
    };
    const { store } = await page();
    await store.request({ type: 'load', network: canned(8, 'dawn') });
    await store.request({ type: 'save-preset', name: 'dawn' });
    await store.request({ type: 'save-preset' });
    await settled();
    await store.request({ type: 'load', network: canned(8, 'dusk') });
    await store.request({ type: 'replace-preset', name: 'dawn' });
    await settled();
    await store.request({ type: 'delete-preset', name: 'preset 1' });
    await store.request({ type: 'load', network: canned(8, 'mine') });
    await store.request({ type: 'play', playing: false });
    await store.edits.saveSnapshot();
    await settled();

    const { store: again, alone } = await page();
    assert.equal(JSON.parse(again.state.network.file).name, 'mine');
    assert.equal(again.state.transport.playing, false);
    assert.deepEqual(alone.state.presets, ['dawn']);
    const presets = alone.received.filter(({ type }) => type === 'restore').map(({ snapshot }) => JSON.parse(JSON.parse(snapshot).network).name);
    assert.equal(presets[0], 'dusk');
    assert.equal(presets.at(-1), 'mine');

    // A snapshot that is refused does not keep the player from playing.
    kept.set('played', { snapshot: '{}', t: 0, playing: true });
    const { handle } = FakeInstrument.prototype;
    FakeInstrument.prototype.handle = function strict(message, listener) {
        if (message.snapshot !== '{}') return handle.call(this, message, listener);
        return this.send({ type: 'refused', id: message.id, reason: 'It has no layers.' }, listener);
    };
    const { store: third } = await page();
    FakeInstrument.prototype.handle = handle;
    assert.equal(third.connection.mode, 'alone');
    assert.equal(JSON.parse(third.state.network.file).name, 'canned');
    assert.equal(kept.has('played'), false);
});

test('a deleted preset comes back with what it was, and a new one of its name does not', async () => {
    const store = new Store();
    const storage = new LocalStorage(store);
    storage.get = async () => undefined;
    storage.put = async () => undefined;
    await store.link.switchTo(new FakeInstrument().connect, 'connected');
    await settled();
    await store.link.switchTo(new FakeInstrument(7).connect, 'alone', { prepare: (next) => storage.prepare(next) });
    const plays = (preset) => JSON.parse(JSON.parse(storage.presets.get(preset)).network).name;
    const steps = async (...messages) => {
        for (const message of messages) await store.request(message);
        await settled();
    };
    await steps({ type: 'load', network: canned(8, 'dawn') }, { type: 'save-preset', name: 'mine' });
    await steps({ type: 'load', network: canned(8, 'dusk') }, { type: 'save-preset', name: 'mine' });
    assert.deepEqual([...storage.presets.keys()].map(plays), ['dawn', 'dusk']);
    await steps({ type: 'delete-preset', name: 'mine' });
    assert.equal(storage.presets.has('mine'), false);
    await steps({ type: 'restore-preset', name: 'mine' });
    assert.equal(plays('mine'), 'dawn');
    await steps({ type: 'delete-preset', name: 'mine' }, { type: 'save-preset', name: 'mine' });
    assert.equal(plays('mine'), 'dusk');
});
