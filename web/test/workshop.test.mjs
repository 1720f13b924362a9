import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Workshop } from '../audio/workshop.js';

/** A worker that does nothing by itself. */
class FakeWorker {
    static all = [];
    said = [];
    over = false;
    constructor() { FakeWorker.all.push(this); }
    postMessage(message) { this.said.push(message); }
    terminate() { this.over = true; }
}
globalThis.Worker = FakeWorker;

const request = (id) => new TextEncoder().encode(JSON.stringify({ type: 'compile', id, expression: 't', bits: 8 }));
const read = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

test('answers go to who asked, in order; who waits for a worker that broke is refused', async () => {
    const workshop = new Workshop(new ArrayBuffer(8));
    const first = workshop.ask(request(1));
    const others = [workshop.ask(request(2)), workshop.ask(request(33))];
    const [worker] = FakeWorker.all;
    worker.onmessage({ data: new TextEncoder().encode('{"type":"compiled","id":1}') });
    assert.equal(read(await first).id, 1);
    worker.onerror({});
    assert.deepEqual(
        (await Promise.all(others)).map(read).map(({ type, id }) => [type, id]),
        [['refused', 2], ['refused', 33]],
    );
    assert.equal(worker.over, true);

    const later = workshop.ask(request(4));
    const [, another] = FakeWorker.all;
    assert.equal(another.said.length, 2);
    another.onmessageerror({});
    assert.equal(read(await later).type, 'refused');
});
