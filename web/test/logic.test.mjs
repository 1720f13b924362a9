import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { describe, withBends, encodeLink, decodeLink } from '../ui/network-file.js';
import { latest } from '../ui/latest.js';
import { columnOf, runs, changedPercent, shownTime, timeOf } from '../ui/period.js';
import { isExpression } from '../panels/expression.js';
import { formatSize, formatTime, fileName, groupDigits, quotedAt, sentence, splitAtError, formatValue } from '../ui/format.js';
import { inWords, WORDS } from '../ui/words.js';
import { canned, PARAMETERS } from './fake-port.js';

test('a link contains the text that was put into it', async () => {
    for (const text of ['', 'ü 🎹', canned(24, 'größer'), 'x'.repeat(300_000)]) {
        const link = await encodeLink(text);
        assert.match(link, /^#n=[\w-]+$/);
        assert.equal(await decodeLink(link), text);
    }
    const file = readFileSync(new URL('../../assets/networks/street-surfer.json', import.meta.url), 'utf8');
    assert.ok((await encodeLink(file)).length < file.length * 0.6);
});

test('other fragments are ignored, damaged links are reported', async () => {
    for (const fragment of ['', '#', '#about', '#n=']) assert.equal(await decodeLink(fragment), null);
    const link = await encodeLink(canned());
    await assert.rejects(decodeLink(link.slice(0, -20)), /cut or changed/);
    await assert.rejects(decodeLink('#n=AAAA'), /cut or changed/);
});

test('a link that would fill the memory is refused', async () => {
    const bomb = await encodeLink('x'.repeat(5_000_000));
    await assert.rejects(decodeLink(bomb), /cut or changed/);
});

test('a file gets the active bends, the highest layer first', () => {
    const network = JSON.parse(canned());
    network.masks = [{ node: 9, force: 1 }, { node: 12, invert: true }];
    const file = JSON.stringify(network);
    const layer = (...bends) => ({ name: '', strength: 50, bends });
    const layers = {
        chosen: 0,
        layers: [
            layer([9, 'zero', true], [10, 'one', false], [11, { op: 6 }, true]),
            layer([11, 'invert', true]),
        ],
    };
    const bent = JSON.parse(withBends(file, layers));
    assert.deepEqual(bent.masks, [
        { node: 9, force: 0 }, { node: 11, invert: true }, { node: 12, invert: true },
    ]);
    assert.deepEqual(bent.bends, [9, 11]);
    assert.deepEqual(bent.covered, [{ node: 9, force: 1 }]);
    assert.equal(withBends(file, { chosen: 0, layers: [layer()] }), file);
    assert.equal(withBends(file, undefined), file);
});

test('a file is described', () => {
    const { signals, ...about } = describe(canned(8, 'a'));
    assert.deepEqual(about, {
        name: 'a', description: '', source: '', bits: 8, hears: false, sampleBits: 7, gates: 14, rate: 8000,
    });
    assert.deepEqual(signals.map(({ name, inputs }) => [name, inputs]), [['t', 8]]);
    const bits = (inputs, encoding) => describe(JSON.stringify({ inputs, input_encoding: encoding, layers: [] })).bits;
    assert.equal(bits(32, { type: 'one-hot', digit_bits: 4 }), 8);
    assert.equal(bits(30, { type: 'thermometer', digit_bits: 4 }), 8);
    assert.equal(bits(256, 'one-hot'), 8);
    assert.equal(bits(255, { type: 'thermometer' }), 8);
    assert.equal(describe('{').gates, 0);
    assert.equal(describe(undefined).name, '');
});

test('the expressions of factory networks are recognized, other sources are not', () => {
    const folder = new URL('../../assets/networks/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const random = files.filter((name) => {
        const { source, signals } = describe(readFileSync(new URL(name, folder), 'utf8'));
        return !isExpression(source, signals);
    });
    assert.deepEqual(random, ['clockwork.json', 'night-train.json', 'pebbles.json', 'storm.json', 'swarm.json']);
    for (const source of ['', '12', 'cutoff*t', 'random t', 'in.t', "''t", 't{']) assert.equal(isExpression(source, []), false, source);
    for (const source of ['in', "t%'é'", '[t, in2 != 0x1F]', "t>>'t'"]) assert.equal(isExpression(source, []), true, source);
});

test('the size of a network names what it reads', () => {
    const size = (...all) => formatSize({ gates: 1024, signals: all.map(([bits, name]) => ({ bits, name })) });
    assert.equal(size([1, 't']), '1\u202f024 gates for 1 bit of t');
    assert.equal(size([8, 'in'], [4, 'tune']), '1\u202f024 gates for 8 bits of in and 4 of tune');
    assert.equal(size([18, 't'], [8, 'in'], [4, 'tune']), '1\u202f024 gates for 18 bits of t, 8 of in and 4 of tune');
});

test('times and columns are inverses', () => {
    const period = 1 << 18;
    for (const column of [0, 1, 517, 999]) {
        const t = timeOf(column, period, 1000, 3 * period + 5);
        assert.ok(t >= 3 * period && t < 4 * period);
        assert.ok(Math.abs(columnOf(t, period, 1000) - column) < 0.01);
    }
    assert.equal(timeOf(1000, period, 1000, 0), period - 1);
    assert.equal(timeOf(-5, period, 1000, 0), 0);
    assert.ok(timeOf(999, period * 3, 1000, 2 ** 32 - 1) < 2 ** 32);
    assert.equal(columnOf(-1, 1000, 1000), 999);
});

test('changed columns are grouped in runs', () => {
    assert.deepEqual(runs([false, true, true, false, true]), [[1, 3], [4, 5]]);
    assert.deepEqual(runs([]), []);
    assert.equal(changedPercent([false, false, true]), 34);
    assert.equal(changedPercent([false]), 0);
    assert.equal(changedPercent([]), 0);
});

test('a link may be followed by other text', async () => {
    const link = await encodeLink(canned(8, 'linked'));
    for (const more of ['.', ')', '&fbclid=IwAR0x', '\n', '\nsee you', ' .', '>', '"', '\u00a0', '?', ',']) {
        assert.equal(await decodeLink(link + more), canned(8, 'linked'), more);
    }
});

test('time before 0 is shown within the period', () => {
    assert.equal(shownTime(0, 65_536), 0);
    assert.equal(shownTime(70_000, 65_536), 70_000);
    assert.equal(shownTime(4_294_966_823, 65_536), 65_536 - 473);
});

test('a reason becomes a sentence, and words of the player stay as they are', () => {
    assert.equal(sentence('expected an operand'), 'Expected an operand.');
    assert.equal(sentence('nested more than 100 deep', 'nest'), 'Nested more than 100 deep.');
    assert.equal(sentence('abc is not known; the only name is t', 'abc+1'), 'abc is not known; the only name is t.');
    assert.equal(sentence('0b2 is not a number.', '0b2'), '0b2 is not a number.');
});

test('an expression is split at an error, by characters', () => {
    assert.deepEqual(splitAtError('t+?', 2), { before: 't+', wrong: '?', after: '' });
    assert.deepEqual(splitAtError('🎹+', 1), { before: '🎹', wrong: '+', after: '' });
    assert.deepEqual(splitAtError('t+', 2), { before: 't+', wrong: '\u00a0', after: '' });
    assert.equal(splitAtError('', 0).wrong, '\u00a0');
    const [left, right] = ['a'.repeat(8000), 'b'.repeat(8000)];
    assert.equal(quotedAt('t+?', 2), '');
    assert.equal(quotedAt(`${left}?${right}`, 8000), `, in “…${'a'.repeat(40)}?${'b'.repeat(19)}…”`);
    assert.equal(quotedAt(`${left}t+`, 8002), `, in “…${'a'.repeat(38)}t+”`);
    assert.equal(quotedAt(`?${right}`, 0), `, in “?${'b'.repeat(19)}…”`);
});

test('the words of the page belong to parameters of the instrument', () => {
    const table = readFileSync(new URL('../../crates/instrument/src/parameters.rs', import.meta.url), 'utf8');
    for (const [key, { choices }] of Object.entries(WORDS)) {
        const row = new RegExp(`"${key}" "[^"]*" "[^"]*"\\s*=> ([^]*?);`).exec(table)?.[1];
        assert.ok(row, key);
        if (choices) assert.equal(choices.length, (row.match(/"[^"]+"/g) ?? []).length, key);
    }
    const row = { key: 'dim', name: 'dim after', choices: [] };
    assert.deepEqual(inWords(row), { name: 'Dim after', choices: [] });
    assert.equal(inWords({ ...row, key: 'hold' }).name, 'Hold');
});

test('values are formatted as on the display', () => {
    const by = (key) => PARAMETERS.find((row) => row.key === key);
    assert.equal(formatValue(by('volume'), -60), 'off');
    assert.equal(formatValue(by('volume'), -12), '\u221212\u202fdB');
    assert.equal(formatValue(by('speed'), -50), '\u22120.50x');
    assert.equal(formatValue(by('bend'), 2), 'invert');
    assert.equal(groupDigits(1234567), '1\u202f234\u202f567');
    assert.equal(groupDigits(12), '12');
    assert.equal(formatTime(61.239), '1:01.23');
    assert.equal(fileName(' t & t>>8 '), 't-t-8');
    assert.equal(fileName('%%'), 'network');
});

test('of many values the latest is sent, one at a time', async () => {
    const sent = [];
    let answer = () => {};
    const send = latest((value) => {
        sent.push(value);
        return new Promise((resolve) => { answer = resolve; });
    });
    for (const value of [1, 2, 3]) send(value);
    assert.deepEqual(sent, [1]);
    assert.ok(send.busy());
    answer();
    await new Promise(setImmediate);
    assert.deepEqual(sent, [1, 3]);
    answer();
    await new Promise(setImmediate);
    assert.ok(!send.busy());
});
