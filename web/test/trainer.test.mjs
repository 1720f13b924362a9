import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Kind } from '../audio/module.js';
import { Trainer } from '../audio/trainer.js';

/** A worker that only records messages. */
class FakeWorker {
    static all = [];
    terminated = false;
    constructor() { FakeWorker.all.push(this); }
    postMessage(message) { this.received = message; }
    terminate() { this.terminated = true; }
    posts(message, last) { this.onmessage({ data: { bytes: encode(JSON.stringify(message)), last } }); }
}
globalThis.Worker = FakeWorker;

const encode = (text) => new TextEncoder().encode(text);
const job = (id) => ({ kind: Kind.train, bytes: encode(JSON.stringify([id, { name: 'a' }])) });
let received;
let fetches;
let trainer;
beforeEach(() => {
    FakeWorker.all = [];
    [received, fetches] = [[], 0];
    const fetchModule = () => {
        fetches += 1;
        return Promise.resolve(new ArrayBuffer(8));
    };
    trainer = new Trainer(fetchModule, ({ kind, bytes }) => {
        assert.equal(kind, Kind.text);
        received.push(JSON.parse(new TextDecoder().decode(bytes)));
    });
});

test('reports and the answer reach the client, and the worker ends', async () => {
    await trainer.begin(job(12));
    const [worker] = FakeWorker.all;
    assert.equal(new TextDecoder().decode(worker.received.bytes), '[12,{"name":"a"}]');
    worker.posts({ type: 'learning', of: 12 }, false);
    worker.posts({ type: 'done', id: 12 }, true);
    assert.deepEqual(received, [{ type: 'learning', of: 12 }, { type: 'done', id: 12 }]);
    assert.equal(worker.terminated, true);
    trainer.end();
    assert.equal(received.length, 2);
    await trainer.begin(job(13));
    assert.deepEqual([fetches, FakeWorker.all.length], [1, 2]);
});

test('a training that is stopped, replaced or fails is refused', async () => {
    await trainer.begin(job(1));
    trainer.end();
    await trainer.begin(job(2));
    await trainer.begin(job(3));
    FakeWorker.all.at(-1).onerror({});
    assert.deepEqual(received.map(({ type, id, reason }) => [type, id, reason]), [
        ['refused', 1, 'Stopped.'],
        ['refused', 2, 'A newer request has replaced this one.'],
        ['refused', 3, 'The page could not train this network.'],
    ]);
    assert.ok(FakeWorker.all.every(({ terminated }) => terminated));
});

test('a training that is stopped while the module is fetched never begins, and a missing module is told', async () => {
    const begun = trainer.begin(job(1));
    trainer.end();
    await begun;
    assert.equal(FakeWorker.all.length, 0);
    trainer.module = null;
    trainer.fetchModule = () => Promise.reject(new Error('A file of this page did not arrive: try again.'));
    await trainer.begin(job(2));
    assert.deepEqual(received.map(({ id, reason }) => [id, reason]), [[1, 'Stopped.'], [2, 'A file of this page did not arrive: try again.']]);
});
