// Pages let the running program learn a sound, and the page learns one itself.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { header } from '../../audio/recorder.js';
import { Instrument, PATIENCE, launch, missing } from './instrument.mjs';

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

const RATE = 8000;
/** A WAV file of these samples. */
const wav = (name, at) => {
    const samples = Int16Array.from({ length: 2048 }, (_, t) => at(t));
    return { name, mimeType: 'audio/wav', buffer: Buffer.concat([Buffer.from(header(2048, RATE, 1)), Buffer.from(samples.buffer)]) };
};
/** Few gates say this one exactly. */
const BEEP = wav('beep.wav', (t) => (((t >> 4) ^ (t >> 6 & t >> 8)) & 1 ? 32_767 : -32_767));
/** No network of few gates comes near to this one, so that learning goes on. */
const NOISE = wav('noise.wav', (t) => ((Math.imul(t + 1, 0x9e3779b1) >>> 13) % 65_535) - 32_767);

/** Chooses a sound, and lets it be learned. */
async function learns(page, sound, size) {
    await page.locator('#learn-file').setInputFiles(sound);
    await page.locator('#learn-size').selectOption(String(size));
    await page.locator('#learn-start').click();
    const name = sound.name.replace('.wav', '');
    await page.waitForFunction((wanted) => document.getElementById('network-name').textContent === wanted, name, PATIENCE);
}

const says = (page, text) => page.locator('#learn-message', { hasText: text }).waitFor(PATIENCE);

test('the program learns a sound, which is one step of undo', { skip }, async () => {
    const [one, two] = [await browser.open(instrument.url), await browser.open(instrument.url)];
    const earlier = one.name;
    await learns(one.page, BEEP, 1500);
    await says(one.page, 'It says the sound exactly. Bend it.');
    await two.until(({ name }) => name === 'beep', 'the network in another page');
    await two.until(({ state }) => state.history[0] === 1, 'one step');
    assert.equal(JSON.parse(two.state.network.file).sample_rate, RATE);
    await one.page.locator('#undo').click();
    await two.until(({ name }) => name === earlier, 'the network before');
    for (const { page, problems } of [one, two]) {
        assert.deepEqual(problems, []);
        await page.context().close();
    }
});

test('one page trains at a time, until it is stopped or the network is bent', { skip }, async () => {
    const [one, two] = [await browser.open(instrument.url), await browser.open(instrument.url)];
    await learns(one.page, NOISE, 200);
    await two.page.locator('#learn-file').setInputFiles(BEEP);
    await two.page.getByText('The page at 127.0.0.1 trains a network.').waitFor(PATIENCE);
    await two.page.locator('#learn-start').click();
    await says(two.page, 'one page can at a time');
    // A bend of the other page stays, as the network does that has it.
    await two.page.locator('.graph-stage').focus();
    await two.page.keyboard.press('ArrowDown');
    await two.page.keyboard.press('1');
    await says(one.page, 'Learning has stopped, since something else was edited.');
    await two.until(({ state }) => state.layers.layers[0].bends.length > 0, 'the bend');
    await one.page.locator('#learn-start').click();
    await one.page.waitForFunction(() => document.getElementById('learn-start').textContent === 'Stop');
    await one.page.locator('#learn-start').click();
    await says(one.page, 'Stopped.');
    for (const { page, problems } of [one, two]) {
        assert.deepEqual(problems, []);
        await page.context().close();
    }
});

test('the page learns a sound by itself', { skip }, async (t) => {
    const client = await browser.open(instrument.url);
    const { page } = client;
    const has = await page.evaluate(async () => (await fetch('train.wasm', { method: 'HEAD' })).ok);
    if (!has) {
        t.skip('the program has no train.wasm: web/build.sh, then cargo build');
        return;
    }
    await client.press('alone');
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await learns(page, BEEP, 1500);
    await says(page, 'It says the sound exactly. Bend it.');
    await page.locator('#period-summary', { hasText: /2.048 samples/ }).waitFor(PATIENCE);
    await learns(page, NOISE, 200);
    await page.locator('#learn-start').click();
    await says(page, 'Stopped.');
    assert.equal(await page.locator('#network-name').textContent(), 'noise');
    assert.deepEqual(client.problems, []);
    await page.context().close();
});
