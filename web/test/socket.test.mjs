import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect, retryDelay, closeReason } from '../link/socket.js';

test('delays grow, with jitter', () => {
    assert.equal(retryDelay(0, 0.5), 250);
    assert.equal(retryDelay(3, 0.5), 2000);
    assert.equal(retryDelay(30, 0.5), 5000);
    assert.ok(retryDelay(30, 1) > retryDelay(30, 0));
});

test('the reason of a close is a sentence', () => {
    assert.equal(closeReason(1008, 'Not from there.', true), 'Not from there.');
    assert.match(closeReason(1006, '', true), /broke/);
    assert.match(closeReason(1006, '', false), /does not answer/);
});

/** A websocket that the test controls. */
class FakeSocket {
    static all = [];
    readyState = 0;
    sent = [];
    constructor(url) {
        this.url = url;
        FakeSocket.all.push(this);
    }
    send(text) { this.sent.push(text); }
    open() { this.readyState = 1; this.onopen(); }
    close() { this.readyState = 3; }
    lose(code = 1006, reason = '') { this.readyState = 3; this.onclose({ code, reason }); }
}

test('it reconnects after a break, until it is closed', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    FakeSocket.all = [];
    const events = [];
    const port = connect({
        onopen: () => events.push('open'),
        onmessage: (data) => events.push(data),
        onclose: (reason) => events.push(reason),
    }, { url: 'ws://desk/ws', Socket: FakeSocket });
    const [first] = FakeSocket.all;
    port.send('too early');
    first.open();
    port.send('one');
    first.onmessage({ data: 'two' });
    first.lose(1001, 'Switched off.');
    port.send('lost');
    assert.deepEqual(first.sent, ['one']);
    assert.deepEqual(events, ['open', 'two', 'Switched off.']);
    context.mock.timers.tick(400);
    assert.equal(FakeSocket.all.length, 2);
    // No answer at all: given up after the time limit.
    context.mock.timers.tick(5000);
    assert.equal(events.length, 4);
    context.mock.timers.tick(800);
    assert.equal(FakeSocket.all.length, 3);
    FakeSocket.all[2].open();
    // Events of the socket that was given up are ignored.
    FakeSocket.all[1].onopen();
    assert.equal(events.length, 5);
    port.close();
    FakeSocket.all[2].lose();
    context.mock.timers.tick(60_000);
    assert.equal(FakeSocket.all.length, 3);
    assert.equal(events.length, 5);
});

/** A port, the events of its listener, and the first socket. */
function begun() {
    FakeSocket.all = [];
    const events = [];
    const port = connect({
        onopen: () => events.push('open'),
        onmessage: () => {},
        onclose: (reason) => events.push(reason),
    }, { url: 'ws://desk/ws', Socket: FakeSocket });
    return { port, events };
}

test('a silent connection is given up and reconnected', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { port, events } = begun();
    const [first] = FakeSocket.all;
    first.open();
    first.onmessage({ data: 'welcome' });
    port.welcomed();
    for (let i = 0; i < 10; i++) {
        context.mock.timers.tick(4000);
        first.onmessage({ data: 'status' });
    }
    assert.deepEqual(events, ['open']);
    context.mock.timers.tick(5000);
    assert.equal(events.length, 2);
    assert.match(events[1], /broke/);
    assert.equal(first.readyState, 3);
    context.mock.timers.tick(400);
    assert.equal(FakeSocket.all.length, 2);
    // A connection that opens and stays silent counts as broken, too.
    FakeSocket.all[1].open();
    context.mock.timers.tick(5000);
    assert.equal(events.length, 4);
    port.close();
});

test('silence is allowed while the player types a pairing code', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { port, events } = begun();
    FakeSocket.all[0].open();
    FakeSocket.all[0].onmessage({ data: 'pairing' });
    context.mock.timers.tick(120_000);
    assert.deepEqual(events, ['open']);
    port.close();
});

test('delays grow while a page is refused, and start again once it was welcomed', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { port } = begun();
    for (let i = 0; i < 8; i++) {
        const socket = FakeSocket.all.at(-1);
        socket.open();
        socket.onmessage({ data: 'refused' });
        socket.lose(1008, 'No.');
        context.mock.timers.tick(6500);
    }
    const last = FakeSocket.all.at(-1);
    const { length } = FakeSocket.all;
    last.open();
    last.onmessage({ data: 'refused' });
    last.lose(1008, 'No.');
    context.mock.timers.tick(3400);
    assert.equal(FakeSocket.all.length, length);
    context.mock.timers.tick(3200);
    assert.equal(FakeSocket.all.length, length + 1);
    const welcome = FakeSocket.all.at(-1);
    welcome.open();
    port.welcomed();
    welcome.lose();
    context.mock.timers.tick(400);
    assert.equal(FakeSocket.all.length, length + 2);
    port.close();
});
