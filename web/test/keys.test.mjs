import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { KEYS, pressOf } from '../graph/keys.js';
import { KEYS as PIANO } from '../panels/keyboard.js';
import { Keys, name } from '../panels/keys.js';

test('keys are named as in the help', () => {
    const event = { key: 'z', ctrlKey: false, metaKey: false, shiftKey: false };
    assert.equal(name(event), 'Z');
    assert.equal(name({ ...event, key: ' ' }), 'Space');
    assert.equal(name({ ...event, key: '>', shiftKey: true }), '>');
    assert.equal(name({ ...event, ctrlKey: true }), 'Ctrl Z');
    assert.equal(name({ ...event, metaKey: true, shiftKey: true, key: 'Z' }), 'Ctrl Shift Z');
    assert.equal(name({ ...event, key: 'Home' }), 'Home');
});

test('the documentation lists the keys', () => {
    globalThis.localStorage ??= { getItem: () => null };
    globalThis.addEventListener ??= () => {};
    const keys = new Keys({});
    keys.add('?', 'Show this help', () => {});
    const document = readFileSync(new URL('../../docs/web.md', import.meta.url), 'utf8');
    const rows = keys.all.map(({ key, what }) => `| \`${key}\` | ${what} |`).join('\n');
    assert.ok(document.includes(`|---|---|\n${rows}\n<!-- end -->`), `docs/web.md should have\n${rows}`);
});

test('the documentation lists the keys of the keyboard', () => {
    const document = readFileSync(new URL('../../docs/web.md', import.meta.url), 'utf8');
    const rows = PIANO.map(({ keys, what }) => `| ${keys.map((key) => `\`${key}\``).join(', ')} | ${what} |`).join('\n');
    assert.ok(document.includes(`|---|---|\n${rows}\n<!-- end -->`), `docs/web.md should have\n${rows}`);
});

test('the documentation lists the keys of the graph, and each has an action', () => {
    const document = readFileSync(new URL('../../docs/web.md', import.meta.url), 'utf8');
    const rows = KEYS.map(({ keys, what }) => `| ${keys.map((key) => `\`${key}\``).join(', ')} | ${what} |`).join('\n');
    assert.ok(document.includes(`|---|---|\n${rows}\n<!-- end -->`), `docs/web.md should have\n${rows}`);
    const pressed = { Arrows: 'ArrowUp', 'Shift C': 'C', Space: ' ' };
    for (const { keys, press } of KEYS) {
        for (const key of keys) {
            const found = pressOf(pressed[key] ?? (/^[A-Z]$/.test(key) ? key.toLowerCase() : key));
            assert.ok(Object.values(press).includes(found), key);
        }
    }
    assert.equal(pressOf('I'), pressOf('i'));
    assert.notEqual(pressOf('C'), pressOf('c'));
});

test('keys work without local storage', () => {
    const kept = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
    Object.defineProperty(globalThis, 'localStorage', {
        configurable: true, get() { throw new DOMException('denied', 'SecurityError'); },
    });
    globalThis.addEventListener ??= () => {};
    const keys = new Keys({});
    assert.ok(keys.single);
    keys.allowSingle(false);
    assert.ok(!keys.single);
    if (kept) Object.defineProperty(globalThis, 'localStorage', kept);
    else delete globalThis.localStorage;
});
