// What is heard in the page is what the program plays, sample by sample: recorded in the
// page, from its audio graph, by its own button.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Instrument, PATIENCE, launch, missing } from './instrument.mjs';
import { RATE, bent, found, played, playedOf, samples } from './oracle.mjs';

const why = await missing();
const skip = why || false;
let browser;
/** @type {Instrument} */
let instrument;
/** When it was started; the oracle plays as long. */
let since = 0;
before(async () => {
    if (!why) browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
    if (!why) await begin();
});
afterEach(() => instrument?.kill());

async function begin() {
    since = performance.now();
    instrument = new Instrument([]);
    await instrument.start();
}

/** On a machine that is busy, sound may be lost on its way to the page, as it should be. */
const TRIES = 3;

/** @param {string} name @param {() => Promise<void>} does; once of some times it must */
function sounds(name, does) {
    test(name, { skip }, async (t) => {
        for (let i = 1; ; i++) {
            try {
                return await does();
            } catch (problem) {
                if (i === TRIES) throw problem;
                t.diagnostic(`tried again after: ${problem}`);
                await instrument.kill();
                await begin();
            }
        }
    });
}

/** Seconds that it has played, at most. */
const seconds = () => Math.ceil((performance.now() - since) / 1000) + 1;

/** Records what happens meanwhile. */
async function recorded(client, meanwhile) {
    const { page } = client;
    await client.press('record');
    await page.locator('#record[aria-pressed=true]').waitFor();
    await meanwhile();
    const saved = page.waitForEvent('download', PATIENCE);
    await client.press('record');
    return samples(readFileSync(await (await saved).path()));
}

/** Waits until so much more sound has come. */
function more(client, length) {
    const number = () => Number(client.last[3]?.readBigUInt64LE(8) ?? 0);
    const first = number();
    return client.until(() => first > 0 && number() > first + length * RATE, 'more sound');
}

function total(pieces) {
    return pieces.reduce((sum, { length }) => sum + length, 0);
}

sounds('what is heard is what the program plays', async () => {
    const client = await browser.open(instrument.url);
    await client.press('listen');
    await client.until(({ frames }) => frames[3] > 10, 'sound');
    const heard = await recorded(client, () => more(client, 2));
    const { pieces, wrong } = found(heard, played(seconds()));
    assert.equal(wrong, -1, `of ${heard.length}, after ${JSON.stringify(pieces)}`);
    assert.ok(total(pieces) > RATE, JSON.stringify(pieces));
    assert.ok(new Set(heard).size > 100, 'it is not silent');
    assert.deepEqual(client.problems, []);
    await client.page.context().close();
});

sounds('gates that are painted are heard, until they are no longer', async () => {
    const client = await browser.open(instrument.url);
    await client.press('listen');
    await client.until(({ frames }) => frames[3] > 10, 'sound');
    let nodes = [];
    const heard = await recorded(client, async () => {
        await more(client, 0.7);
        await client.draw('Paint the gates in a box', [0.4, 0.2], [0.6, 0.5]);
        await client.until(({ bends }) => bends.length > 0, 'bends');
        nodes = client.bends.map((bend) => bend.split(' ')[0]);
        await more(client, 0.7);
        await client.press('undo');
        await client.until(({ bends }) => bends.length === 0, 'no bends');
        await more(client, 0.7);
        await client.press('redo');
        await client.until(({ bends }) => bends.length === nodes.length, 'bends again');
        await more(client, 0.7);
        await client.press('clear');
        await client.until(({ bends }) => bends.length === 0, 'no bends again');
        await more(client, 0.7);
    });
    const results = bent(heard, [`bend ${nodes.join(' ')} invert`, 'undo', 'redo', 'clear'], seconds());
    const wrongs = results.map(({ wrong }) => wrong);
    assert.equal(wrongs.length, 5, `it was never heard as it is: ${wrongs}`);
    assert.equal(wrongs.at(-1), -1, `of ${heard.length}: ${JSON.stringify(results)}`);
    // Each step is heard: without it, the rest is wrong.
    wrongs.slice(0, -1).forEach((wrong, i) => {
        assert.ok(wrong >= 0 && (i === 0 || wrong > wrongs[i - 1]), `${wrongs}`);
    });
    assert.deepEqual(client.problems, []);
    await client.page.context().close();
});

sounds('a network of the library is heard, from the sample on at which it is chosen', async () => {
    const client = await browser.open(instrument.url);
    await client.press('listen');
    await client.until(({ frames }) => frames[3] > 10, 'sound');
    const { names, place } = client.state.library;
    assert.equal(place, 0);
    const heard = await recorded(client, async () => {
        await more(client, 0.7);
        await client.page.getByRole('button', { name: names[3] }).click();
        await client.until(({ state }) => state.library.place === 3, 'another network');
        await more(client, 0.7);
    });
    const results = bent(heard, ['choose 4'], seconds());
    assert.equal(results.at(-1).wrong, -1, `of ${heard.length}: ${JSON.stringify(results)}`);
    assert.ok(results[0].wrong > 0);
    assert.deepEqual(client.problems, []);
    await client.page.context().close();
});

sounds('an expression is heard as it is typed', async () => {
    const client = await browser.open(instrument.url);
    await client.press('listen');
    const expression = 't*(t>>5|t>>8)';
    await client.page.getByRole('textbox', { name: 'Expression of t' }).fill(expression);
    await client.until(({ name }) => name === expression, 'the expression');
    // What was before fades, and leaves the DC blocker, whose corner is at 10 Hz.
    await client.until(({ frames }) => frames[3] > 10, 'sound');
    await more(client, 0.5);
    const heard = await recorded(client, () => more(client, 1));
    // The last bit of 16 may still be another one.
    const { pieces, wrong } = found(heard, playedOf(seconds(), client.state.network.file), 1);
    assert.equal(wrong, -1, `of ${heard.length}, after ${JSON.stringify(pieces)}`);
    assert.ok(total(pieces) > RATE / 2 && new Set(heard).size > 100, JSON.stringify(pieces));
    assert.deepEqual(client.problems, []);
    await client.page.context().close();
});
