import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Keys, name } from '../panels/keys.js';

test('keys are named as they are written', () => {
    const event = { key: 'z', ctrlKey: false, metaKey: false, shiftKey: false };
    assert.equal(name(event), 'Z');
    assert.equal(name({ ...event, key: ' ' }), 'Space');
    assert.equal(name({ ...event, key: '>', shiftKey: true }), '>');
    assert.equal(name({ ...event, ctrlKey: true }), 'Ctrl Z');
    assert.equal(name({ ...event, metaKey: true, shiftKey: true, key: 'Z' }), 'Ctrl Shift Z');
    assert.equal(name({ ...event, key: 'Home' }), 'Home');
});

test('the documentation has the keys that there are', () => {
    globalThis.localStorage ??= { getItem: () => null };
    globalThis.addEventListener ??= () => {};
    const keys = new Keys({});
    keys.add('?', 'This help', () => {});
    const document = readFileSync(new URL('../../docs/web.md', import.meta.url), 'utf8');
    const rows = keys.all.map(({ key, what }) => `| \`${key}\` | ${what} |`).join('\n');
    assert.ok(document.includes(`|---|---|\n${rows}\n<!-- end -->`), `docs/web.md should have\n${rows}`);
});
