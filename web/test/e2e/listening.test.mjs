// Keys of a page play the running program, and the instrument in the page hears the microphone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Instrument, PATIENCE, launch, missing } from './instrument.mjs';
import { samples } from './oracle.mjs';

const why = await missing();
const skip = why || false;
let browser;
/** @type {Instrument} */
let instrument;
before(async () => {
    if (!why) browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
    if (why) return;
    instrument = new Instrument([]);
    await instrument.start();
});
afterEach(() => instrument?.kill());

/** Name and contents of a file of a network that plays what it hears. */
const THROUGH = {
    name: 'through.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({
        format: 'gatebend-network', version: 2, name: 'through', sample_rate: 44_100,
        inputs: [
            { from: 'audio', channel: 0, bits: 12 }, { from: 'audio', channel: 1, bits: 12 },
            { from: 'control', name: 'cutoff', bits: 4 },
        ],
        layers: [], outputs: [Array.from({ length: 12 }, (_, i) => i), Array.from({ length: 12 }, (_, i) => 12 + i)],
    })),
};

/** Waits until these keys sound, as the program tells a page. */
const sounds = (client, ...keys) =>
    client.until(({ state }) => JSON.stringify(state.midi?.keys) === JSON.stringify(keys), `keys ${keys}`);

test('keys play the instrument, light up in other pages and are released with their page', { skip }, async () => {
    const [one, two] = [await browser.open(instrument.url), await browser.open(instrument.url)];
    await one.page.locator('#keys').focus();
    await one.page.keyboard.down('d');
    await sounds(two, 64);
    await two.page.locator('[data-note="64"].on').waitFor(PATIENCE);
    await one.page.keyboard.down('a');
    // One voice plays the last key.
    await sounds(two, 60);
    await one.page.keyboard.up('a');
    await sounds(two, 64);
    assert.deepEqual(one.problems, []);
    await one.page.context().close();
    await sounds(two);
    assert.deepEqual(two.problems, []);
    await two.page.context().close();
});

test('sliders move the controls of a network', { skip }, async () => {
    const [one, two] = [await browser.open(instrument.url), await browser.open(instrument.url)];
    await one.page.locator('#file').setInputFiles(THROUGH);
    const slider = two.page.getByRole('slider', { name: 'cutoff' });
    await slider.focus();
    for (let i = 0; i < 3; i++) await two.page.keyboard.press('ArrowRight');
    await one.page.waitForFunction(() => document.getElementById('control-cutoff')?.value === '3', null, PATIENCE);
    for (const { page, problems } of [one, two]) {
        assert.deepEqual(problems, []);
        await page.context().close();
    }
});

test('the instrument in the page plays keys and hears the microphone', { skip }, async (t) => {
    const client = await browser.open(instrument.url);
    const { page } = client;
    const has = await page.evaluate(async () => (await fetch('gatebend.wasm', { method: 'HEAD' })).ok);
    if (!has) {
        await instrument.kill();
        t.skip('the program has no gatebend.wasm: web/build.sh, then cargo build');
        return;
    }
    await client.press('alone');
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await page.locator('#file').setInputFiles(THROUGH);
    await page.getByRole('slider', { name: 'cutoff' }).waitFor(PATIENCE);
    /** Records until the level of the microphone has been high `times` times. */
    const recorded = async (beeps) => {
        await client.press('record');
        await page.locator('#record[aria-pressed=true]').waitFor(PATIENCE);
        await page.waitForFunction((wanted) => {
            window.heard ??= 0;
            if (!wanted) return performance.now() > (window.since ??= performance.now()) + 500;
            const loud = document.getElementById('input-level').value > 0.2;
            if (loud && !window.loud) window.heard += 1;
            window.loud = loud;
            return window.heard >= wanted;
        }, beeps, PATIENCE);
        const saved = page.waitForEvent('download', PATIENCE);
        await client.press('record');
        return samples(readFileSync(await (await saved).path()));
    };
    const loudest = (frames) => frames.reduce((most, frame) => Math.max(most, Math.abs(frame)), 0);
    await page.getByRole('button', { name: 'Microphone' }).click();
    await page.locator('#microphone[aria-pressed=true]').waitFor(PATIENCE);
    const heard = loudest(await recorded(2));
    await page.getByRole('button', { name: 'Microphone' }).click();
    await page.locator('#microphone[aria-pressed=false]').waitFor(PATIENCE);
    const silent = (await recorded(0)).slice(-4410);
    t.diagnostic(`loudest: ${heard} with the microphone, ${loudest(silent)} without`);
    assert.ok(heard > 1000 && loudest(silent) < 100);

    await page.locator('#keys').focus();
    await page.keyboard.down('a');
    // Lit by the page itself, and by the instrument once the page has let it go.
    await page.locator('[data-note="60"].on').waitFor(PATIENCE);
    await page.keyboard.up('a');
    await page.locator('#keys:not(:has(.on))').waitFor(PATIENCE);
    assert.deepEqual(client.problems, []);
    await page.context().close();
});
