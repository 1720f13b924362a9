// The service worker caches one complete version and answers from it without a network.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const source = readFileSync(new URL('../service-worker.js', import.meta.url), 'utf8');
const HERE = 'https://host.example/some/path/';
/** The name of a version's cache. */
const cacheOf = (version, path = '/some/path/') => `gatebend ${path} ${version}`;

/** A browser's caches, and a network that can be down. */
function world(home = HERE, stores = new Map()) {
    const path = (request, ignore) => {
        const url = new URL(request.url ?? request, home);
        return ignore ? url.origin + url.pathname : url.href;
    };
    /** `list` is the server's files.js, null if another page is there; a `slow` server never
     * answers. */
    const network = { there: true, slow: false, content: 'first', list: "self.VERSION = '1';" };
    const fetch = async (request) => {
        if (network.slow) await new Promise(() => {});
        if (!network.there) throw new TypeError('no network');
        if (path(request).endsWith('files.js')) {
            return { ok: network.list !== null, text: async () => network.list };
        }
        return `${network.content} ${new URL(path(request)).pathname}`;
    };
    /** Replaces timers: they end when the test calls `late`. */
    const timers = [];
    const late = () => { for (const call of timers.splice(0)) call(); };
    const caches = {
        keys: async () => [...stores.keys()],
        delete: async (name) => stores.delete(name),
        open: async (name) => {
            if (!stores.has(name)) stores.set(name, new Map());
            const store = stores.get(name);
            return {
                async addAll(requests) {
                    const got = await Promise.all(requests.map(fetch));
                    requests.forEach((request, i) => store.set(path(request), got[i]));
                },
                match: async (request, { ignoreSearch, ignoreMethod }) =>
                    (ignoreMethod || request.method === 'GET' ? store.get(path(request, ignoreSearch)) : undefined),
            };
        },
    };
    const worker = (version) => {
        const heard = {};
        const self = {
            location: { href: `${home}service-worker.js` },
            registration: { unregister: async () => { heard.fetch = () => {}; } },
            clients: { claim: async () => {} },
            skipWaiting: async () => {},
            importScripts: () => Object.assign(self, {
                VERSION: version, FILES: ['index.html', 'audio/standalone.js'],
            }),
            addEventListener: (name, listener) => { heard[name] = listener; },
        };
        class Request {
            constructor(at) { this.url = new URL(at, home).href; }
        }
        vm.runInNewContext(source, {
            self, caches, fetch, Request, URL, Promise,
            setTimeout: (call, _, value) => timers.push(() => call(value)),
        });
        const until = (name) => new Promise((resolve, reject) => {
            heard[name]({ waitUntil: (kept) => kept.then(resolve, reject) });
        });
        return {
            install: () => until('install'),
            activate: () => until('activate'),
            /** @param {object} [of] properties of the request and its origin */
            get: (url, { method = 'GET', mode = 'cors', clientId = '', resultingClientId = '' } = {}) => {
                let answer;
                heard.fetch({
                    request: { url, method, mode }, clientId, resultingClientId,
                    respondWith: (kept) => { answer = kept; },
                });
                return answer;
            },
        };
    };
    return { network, late, stores, worker };
}

test('cached files need no network, other requests pass through', async () => {
    const { network, worker } = world();
    const one = worker('1');
    await one.install();
    network.there = false;
    assert.equal(await one.get(HERE), 'first /some/path/');
    assert.equal(await one.get(`${HERE}audio/standalone.js`), 'first /some/path/audio/standalone.js');
    assert.equal(await one.get(`${HERE}?from=home`), 'first /some/path/');
    assert.equal(await one.get(`${HERE}audio/standalone.js`, { method: 'HEAD' }), 'first /some/path/audio/standalone.js');
    await assert.rejects(one.get(`${HERE}other.json`));
    assert.equal(one.get('https://elsewhere.example/x.js'), undefined);
    assert.equal(one.get(`${HERE}index.html`, { method: 'POST' }), undefined);
});

test('a new version replaces the old one only when it is complete', async () => {
    const { network, stores, worker } = world();
    await worker('1').install();
    const two = worker('2');
    network.there = false;
    await assert.rejects(two.install());
    assert.ok(stores.get(cacheOf('1')).size === 4);
    network.there = true;
    network.content = 'second';
    stores.set('of another page', new Map());
    await two.install();
    await two.activate();
    assert.deepEqual([...stores.keys()].sort(), [cacheOf('2'), 'of another page']);
    assert.equal(await two.get(HERE), 'second /some/path/');
});

test('pages at other paths of the host keep their caches', async () => {
    const { stores, worker } = world();
    await worker('1').install();
    for (const path of ['/', '/some/', '/some/path/more/', '/other/']) {
        const other = world(`https://host.example${path}`, stores).worker('2');
        await other.install();
        await other.activate();
        assert.ok(stores.has(cacheOf('1')), path);
        assert.ok(stores.has(cacheOf('2', path)), path);
    }
    const { worker: again } = world(HERE, stores);
    await again('3').activate();
    assert.ok(!stores.has(cacheOf('1')) && stores.size === 4);
});

test('a visitor sees the version of the server, complete', async () => {
    const { network, late, worker } = world();
    const one = worker('1');
    await one.install();
    const come = (resultingClientId) => one.get(HERE, { mode: 'navigate', resultingClientId });
    network.content = 'changed';
    assert.equal(await come('same'), 'first /some/path/');
    network.slow = true;
    const patient = come('slow');
    late();
    assert.equal(await patient, 'first /some/path/');
    network.slow = false;
    network.there = false;
    assert.equal(await come('away'), 'first /some/path/');
    network.there = true;
    network.content = 'second';
    network.list = "self.VERSION = '2';";
    assert.equal(await come('new'), 'second /some/path/');
    // Its files come from the network, those of an older page from the cache.
    assert.equal(one.get(`${HERE}audio/standalone.js`, { clientId: 'new' }), undefined);
    assert.equal(await one.get(`${HERE}audio/standalone.js`, { clientId: 'same' }), 'first /some/path/audio/standalone.js');
});

test('another page at the same address is not hidden', async () => {
    const { network, stores, worker } = world();
    const one = worker('1');
    await one.install();
    network.content = 'of something else';
    network.list = null;
    assert.equal(await one.get(HERE, { mode: 'navigate', resultingClientId: 'a' }), 'of something else /some/path/');
    assert.equal(stores.size, 0);
    assert.equal(one.get(HERE, { mode: 'navigate' }), undefined);
});

test('a page is notified of other versions', async () => {
    let list = 'one';
    let changed = () => {};
    const registered = [];
    const globals = {
        navigator: { serviceWorker: {
            addEventListener: (_, call) => { changed = call; },
            register: async (...args) => { registered.push(args); },
        } },
        fetch: async () => ({ ok: true, text: async () => list }),
    };
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });
    const { registerServiceWorker } = await import('../store/offline.js');
    let notified = 0;
    assert.ok(await registerServiceWorker(() => { notified += 1; }));
    // The browser's own cache could keep an old worker for a day.
    assert.equal(registered[0][1].updateViaCache, 'none');
    await changed();
    assert.equal(notified, 0);
    list = 'two';
    await changed();
    assert.equal(notified, 1);
});
