// The service worker keeps one version, whole, and answers from it without a network.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const source = readFileSync(new URL('../service-worker.js', import.meta.url), 'utf8');
const HERE = 'https://host.example/some/path/';

/** A browser's caches, and a network that can be away. */
function world() {
    const stores = new Map();
    const path = (request, ignore) => {
        const url = new URL(request.url ?? request, HERE);
        return ignore ? url.origin + url.pathname : url.href;
    };
    const network = { there: true, content: 'first' };
    const fetch = async (request) => {
        if (!network.there) throw new TypeError('no network');
        return `${network.content} ${new URL(path(request)).pathname}`;
    };
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
            location: { href: `${HERE}service-worker.js` },
            clients: { claim: async () => {} },
            skipWaiting: async () => {},
            importScripts: () => Object.assign(self, {
                VERSION: version, FILES: ['index.html', 'audio/alone.js'],
            }),
            addEventListener: (name, listener) => { heard[name] = listener; },
        };
        class Request {
            constructor(at) { this.url = new URL(at, HERE).href; }
        }
        vm.runInNewContext(source, { self, caches, fetch, Request, URL, Promise });
        const until = (name) => new Promise((resolve, reject) => {
            heard[name]({ waitUntil: (kept) => kept.then(resolve, reject) });
        });
        return {
            install: () => until('install'),
            activate: () => until('activate'),
            get: (url, method = 'GET') => {
                let answer;
                heard.fetch({ request: { url, method }, respondWith: (kept) => { answer = kept; } });
                return answer;
            },
        };
    };
    return { network, stores, worker };
}

test('what it keeps needs no network; the rest is left to it', async () => {
    const { network, worker } = world();
    const one = worker('1');
    await one.install();
    network.there = false;
    assert.equal(await one.get(HERE), 'first /some/path/');
    assert.equal(await one.get(`${HERE}audio/alone.js`), 'first /some/path/audio/alone.js');
    assert.equal(await one.get(`${HERE}?from=home`), 'first /some/path/');
    assert.equal(await one.get(`${HERE}audio/alone.js`, 'HEAD'), 'first /some/path/audio/alone.js');
    await assert.rejects(one.get(`${HERE}other.json`));
    assert.equal(one.get('https://elsewhere.example/x.js'), undefined);
    assert.equal(one.get(`${HERE}index.html`, 'POST'), undefined);
});

test('another version takes the place of the first, and only when it is whole', async () => {
    const { network, stores, worker } = world();
    await worker('1').install();
    const two = worker('2');
    network.there = false;
    await assert.rejects(two.install());
    assert.ok(stores.get('gatebend-1').size === 3);
    network.there = true;
    network.content = 'second';
    stores.set('of another page', new Map());
    await two.install();
    await two.activate();
    assert.deepEqual([...stores.keys()].sort(), ['gatebend-2', 'of another page']);
    assert.equal(await two.get(HERE), 'second /some/path/');
});
