// Pairing with the running program: a guessing page, and one that knows the code.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Instrument, eventually, launch, missing } from './instrument.mjs';

const why = await missing();

test('a page pairs while others guess, and needs no code again', { skip: why || false }, async (context) => {
    const instrument = new Instrument(['--plain', '--pairing']);
    context.after(() => instrument.kill());
    await instrument.start();
    const browser = await launch();
    context.after(() => browser.close());
    await eventually(async () => instrument.code !== '', 'code');
    const { code: first, url } = instrument;

    const { page } = await browser.open(url, {}, 'pairing');
    const input = page.getByLabel('The code on the instrument\'s display');
    await input.fill('123');
    const guesser = await browser.open(url, {}, 'pairing');
    await guess(guesser, 10);
    await eventually(async () => instrument.code !== first, 'longer code');
    assert.equal(instrument.code.replaceAll(' ', '').length, 9);
    // More connections than may wait displace this page.
    await guess(guesser, 30);
    assert.equal(await input.inputValue(), '123');
    await input.fill(instrument.code);
    await page.keyboard.press('Enter');
    await page.locator('.light[data-state=open]').waitFor({ state: 'attached' });
    await page.reload();
    await page.locator('.light[data-state=open]').waitFor({ state: 'attached' });
});

/**
 * Sends wrong codes, each over another connection, and waits for the answers.
 * @param {import('./instrument.mjs').Client} client
 * @param {number} count
 */
function guess({ page }, count) {
    return page.evaluate((sockets) => Promise.all(Array.from({ length: sockets }, () => new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1, code: '0' }));
        socket.onmessage = () => resolve(undefined);
        socket.onclose = () => resolve(undefined);
    }))), count);
}
