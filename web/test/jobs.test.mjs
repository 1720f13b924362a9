import assert from 'node:assert/strict';
import { test } from 'node:test';

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
}
globalThis.Worker = FakeWorker;

const encode = (kind, text) => ({ kind, bytes: new TextEncoder().encode(text) });
const decode = ({ bytes }) => new TextDecoder().decode(bytes);
const job = (id) => encode(Kind.job, JSON.stringify({ type: 'compile', id, expression: 't', bits: 8 }));
const parse = (message) => JSON.parse(decode(message));

test('answers come in order, and a failed worker refuses the pending jobs', async () => {
    const jobs = new JobQueue(new ArrayBuffer(8));
    const first = jobs.run(job(1));
    const others = [jobs.run(job(2)), jobs.run(job(33))];
    const [worker] = FakeWorker.all;
    worker.onmessage({ data: encode(Kind.text, '{"type":"compiled","id":1}') });
    assert.equal(parse(await first).id, 1);
    worker.onerror({});
    assert.deepEqual(
        (await Promise.all(others)).map(parse).map(({ type, id }) => [type, id]),
        [['refused', 2], ['refused', 33]],
    );
    assert.equal(worker.terminated, true);

    const later = jobs.run(job(4));
    const [, another] = FakeWorker.all;
    assert.equal(another.received.length, 2);
    another.onmessageerror({});
    assert.equal(parse(await later).type, 'refused');

    const file = jobs.run(encode(Kind.unprepared, '{}'));
    FakeWorker.all[2].onerror({});
    const refusal = await file;
    assert.deepEqual([refusal.kind, decode(refusal)], [Kind.problem, 'The page could not work this out.']);
});
