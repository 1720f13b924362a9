import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JobQueue } from '../audio/jobs.js';

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

const job = (id) => new TextEncoder().encode(JSON.stringify({ type: 'compile', id, expression: 't', bits: 8 }));
const parse = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

test('answers come in order, and a failed worker refuses the pending jobs', async () => {
    const jobs = new JobQueue(new ArrayBuffer(8));
    const first = jobs.run(job(1));
    const others = [jobs.run(job(2)), jobs.run(job(33))];
    const [worker] = FakeWorker.all;
    worker.onmessage({ data: new TextEncoder().encode('{"type":"compiled","id":1}') });
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
});
