import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect, retryDelay, closeReason } from '../link/socket.js';

test('attempts come more and more seldom, and not all at once', () => {
    assert.equal(retryDelay(0, 0.5), 250);
    assert.equal(retryDelay(3, 0.5), 2000);
    assert.equal(retryDelay(30, 0.5), 5000);
    assert.ok(retryDelay(30, 1) > retryDelay(30, 0));
});

test('the reason is told in plain words', () => {
    assert.equal(closeReason(1008, 'Not from there.', true), 'Not from there.');
    assert.match(closeReason(1006, '', true), /broke/);
    assert.match(closeReason(1006, '', false), /does not answer/);
});

/** A websocket that does what it is told. */
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

test('it connects again after a break, until it is closed', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    FakeSocket.all = [];
    const told = [];
    const port = connect({
        onopen: () => told.push('open'),
        onmessage: (data) => told.push(data),
        onclose: (reason) => told.push(reason),
    }, { url: 'ws://desk/ws', Socket: FakeSocket });
    const [first] = FakeSocket.all;
    port.send('too early');
    first.open();
    port.send('one');
    first.onmessage({ data: 'two' });
    first.lose(1001, 'Switched off.');
    port.send('lost');
    assert.deepEqual(first.sent, ['one']);
    assert.deepEqual(told, ['open', 'two', 'Switched off.']);
    context.mock.timers.tick(400);
    assert.equal(FakeSocket.all.length, 2);
    // It does not answer at all: given up after a while.
    context.mock.timers.tick(5000);
    assert.equal(told.length, 4);
    context.mock.timers.tick(800);
    assert.equal(FakeSocket.all.length, 3);
    FakeSocket.all[2].open();
    // The one given up is not listened to.
    FakeSocket.all[1].onopen();
    assert.equal(told.length, 5);
    port.close();
    FakeSocket.all[2].lose();
    context.mock.timers.tick(60_000);
    assert.equal(FakeSocket.all.length, 3);
    assert.equal(told.length, 5);
});

/** A port and what its listener was told, with the first socket. */
function begun() {
    FakeSocket.all = [];
    const told = [];
    const port = connect({
        onopen: () => told.push('open'),
        onmessage: () => {},
        onclose: (reason) => told.push(reason),
    }, { url: 'ws://desk/ws', Socket: FakeSocket });
    return { port, told };
}

test('one that says nothing any more is left, and connected to again', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { port, told } = begun();
    const [first] = FakeSocket.all;
    first.open();
    first.onmessage({ data: 'welcome' });
    port.welcomed();
    for (let i = 0; i < 10; i++) {
        context.mock.timers.tick(4000);
        first.onmessage({ data: 'status' });
    }
    assert.deepEqual(told, ['open']);
    context.mock.timers.tick(5000);
    assert.equal(told.length, 2);
    assert.match(told[1], /broke/);
    assert.equal(first.readyState, 3);
    context.mock.timers.tick(400);
    assert.equal(FakeSocket.all.length, 2);
    // One that opens and then says nothing is none.
    FakeSocket.all[1].open();
    context.mock.timers.tick(5000);
    assert.equal(told.length, 4);
    port.close();
});

test('who types a code is waited for', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { port, told } = begun();
    FakeSocket.all[0].open();
    FakeSocket.all[0].onmessage({ data: 'pairing' });
    context.mock.timers.tick(120_000);
    assert.deepEqual(told, ['open']);
    port.close();
});

test('a page that is refused tries more and more seldom, one that was welcome soon', (context) => {
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
