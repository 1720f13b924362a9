import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { JobQueue } from '../audio/jobs.js';
import { Kind } from '../audio/module.js';

/** A worker that only records messages. */
class FakeWorker {
    static all = [];
    received = [];
    terminated = false;
    constructor() { FakeWorker.all.push(this); }
    postMessage(message) { this.received.push(message); }
    terminate() { this.terminated = true; }
    /** Returns the ids of the jobs received, after the module. */
    get ids() { return this.received.slice(1).map((message) => parse(message).id); }
    answer(id) { this.onmessage({ data: encode(Kind.text, JSON.stringify({ type: 'compiled', id })) }); }
}
globalThis.Worker = FakeWorker;
beforeEach(() => { FakeWorker.all = []; });

const encode = (kind, text) => ({ kind, bytes: new TextEncoder().encode(text) });
const decode = ({ bytes }) => new TextDecoder().decode(bytes);
const job = (id, type = 'compile') => encode(Kind.job, JSON.stringify({ type, id, expression: 't', bits: 8 }));
const parse = (message) => JSON.parse(decode(message));
const queue = (now = () => 0) => new JobQueue(new ArrayBuffer(8), now);

test('jobs run one at a time, and a failed worker refuses its job only', async () => {
    const jobs = queue();
    const [first, other] = [jobs.run(job(1)), jobs.run(job(2, 'waveform'))];
    const [worker] = FakeWorker.all;
    assert.deepEqual(worker.ids, [1]);
    worker.answer(1);
    assert.equal(parse(await first).type, 'compiled');
    assert.deepEqual(worker.ids, [1, 2]);
    const third = jobs.run(job(33));
    worker.onerror({});
    const { type, id, reason } = parse(await other);
    assert.deepEqual([type, id, reason], ['refused', 2, 'The page could not work this out.']);
    assert.equal(worker.terminated, true);
    const [, another] = FakeWorker.all;
    assert.deepEqual(another.ids, [33]);
    another.onmessageerror({});
    assert.equal(parse(await third).type, 'refused');

    const file = jobs.run(encode(Kind.unprepared, '{}'));
    FakeWorker.all[2].onerror({});
    const refusal = await file;
    assert.deepEqual([refusal.kind, decode(refusal)], [Kind.problem, 'The page could not work this out.']);
});

test('a newer expression ends the one that is compiled, and takes the place of one that waits', async () => {
    const jobs = queue();
    const first = jobs.run(job(1));
    const picture = jobs.run(job(2, 'waveform'));
    const second = jobs.run(job(3));
    const [old, worker] = FakeWorker.all;
    assert.equal(old.terminated, true);
    assert.deepEqual(parse(await first), { type: 'refused', id: 1, reason: 'A newer request has replaced this one.' });
    assert.deepEqual(worker.ids, [2]);
    const third = jobs.run(job(4));
    assert.equal(parse(await second).id, 3);
    // A picture that has just begun is finished.
    const later = jobs.run(job(5, 'waveform'));
    assert.equal(worker.terminated, false);
    worker.answer(2);
    assert.equal(parse(await picture).type, 'compiled');
    worker.answer(4);
    worker.answer(5);
    assert.deepEqual([parse(await third).id, parse(await later).id], [4, 5]);
});

test('a newer waveform ends one that takes long', async () => {
    let now = 0;
    const jobs = queue(() => now);
    const first = jobs.run(job(1, 'waveform'));
    const compiled = jobs.run(job(2));
    now = 499;
    const second = jobs.run(job(3, 'waveform'));
    const [worker] = FakeWorker.all;
    assert.equal(worker.terminated, false);
    now = 500;
    const third = jobs.run(job(4, 'waveform'));
    assert.equal(worker.terminated, true);
    const reason = 'A newer request has replaced this one.';
    for (const [reply, id] of [[second, 3], [first, 1]]) assert.deepEqual(parse(await reply), { type: 'refused', id, reason });
    const [, another] = FakeWorker.all;
    another.answer(2);
    another.answer(4);
    assert.deepEqual([parse(await compiled).id, parse(await third).id], [2, 4]);
    assert.deepEqual(another.ids, [2, 4]);
});

test('messages to be prepared keep their order, and all are prepared', async () => {
    const jobs = queue();
    const all = [1, 2, 3].map((id) => jobs.run(encode(Kind.unprepared, `{"id":${id}}`)));
    const [worker] = FakeWorker.all;
    for (const id of [1, 2, 3]) worker.onmessage({ data: encode(Kind.prepared, `{"id":${id}}`) });
    assert.deepEqual((await Promise.all(all)).map(parse).map(({ id }) => id), [1, 2, 3]);
    assert.equal(worker.terminated, false);
});
