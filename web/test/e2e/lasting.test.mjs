// State survives: the program being killed, moving between the connected and the standalone
// instrument, a missing network connection, files and links.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, before, after, beforeEach, test } from 'node:test';

import { Instrument, PATIENCE, eventually, launch, missing } from './instrument.mjs';
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

/** Closes pages and checks that they had no errors. @param {import('./instrument.mjs').Client[]} clients */
async function close(...clients) {
    for (const { page, problems } of clients) {
        assert.deepEqual(problems, []);
        await page.context().close();
    }
}

/** Returns why there is no standalone instrument, or an empty string. */
async function missingModule(client) {
    const has = await client.page.evaluate(async () => (await fetch('gatebend.wasm', { method: 'HEAD' })).ok);
    if (has) return '';
    // Node does not call afterEach for a test that skips itself.
    await instrument.kill();
    return 'the program has no gatebend.wasm: web/build.sh, then cargo build';
}

/** Returns the number of bends that the page shows for a layer. @param {string} layer */
function shownBends(client, layer) {
    return client.page.locator('#layers li', { hasText: layer }).locator('.number').first().textContent();
}

/** Waits until the page shows a network's name. */
function showsName(client, name) {
    return client.page.waitForFunction(
        (wanted) => document.querySelector('#network-name').textContent === wanted, name, PATIENCE);
}

test('a killed program continues with all edits, including those made meanwhile', { skip }, async () => {
    const client = await browser.open(instrument.url);
    await client.page.getByRole('button', { name: 'street surfer' }).click();
    await client.until(({ name }) => name === 'street surfer', 'another network');
    await client.draw('Box', [0.4, 0.3], [0.5, 0.5]);
    await client.until(({ bends }) => bends.length > 0, 'bends');
    await client.press('add-layer');
    await client.until(({ state }) => state.layers.layers.length === 2, 'a layer');
    await client.draw('Box', [0.5, 0.3], [0.6, 0.6]);
    await client.until(({ state }) => state.layers.layers[1].bends.length > 0, 'bends in it');
    await client.page.locator('#strength-1').fill('40');
    await client.until(({ state }) => state.layers.layers[1].strength === 40, 'its strength');
    const { snapshots } = client;
    await client.until((now) => now.snapshots > snapshots, 'snapshot of the edits');
    // An edit after the snapshot.
    await client.page.locator('#volume').fill('-20');
    await client.until(({ state }) => state.parameters.includes(-20), 'another volume');
    const [earlier, { layers }, { file }] = [client.bends, client.state.layers, client.state.network];
    const parameters = client.state.parameters;

    await instrument.kill();
    await client.stands('away');
    await client.draw('Box', [0.62, 0.3], [0.8, 0.7]);
    await instrument.start();
    await client.stands('open');
    await client.until(({ bends }) => bends.length > earlier.length, 'bends made meanwhile');
    const now = client.state;
    assert.equal(now.network.file, file);
    assert.deepEqual(now.parameters, parameters);
    assert.deepEqual(now.layers.layers.map(({ name, strength }) => [name, strength]), layers.map(({ name, strength }) => [name, strength]));
    assert.deepEqual(now.layers.layers[0], layers[0]);
    const kept = now.layers.layers[1].bends.map(([node]) => node);
    assert.ok(layers[1].bends.every(([node]) => kept.includes(node)));
    await close(client);
});

test('an edit made meanwhile survives a restart that two pages return to', { skip }, async () => {
    const clients = [await browser.open(instrument.url), await browser.open(instrument.url)];
    const [one, two] = clients;
    for (const edit of ['random', 'add-layer', 'random', 'add-layer']) {
        await two.draw('Box', [0.4, 0.3], [0.5, 0.5]);
        for (const client of clients) await client.until(({ bends }) => bends.length > 0, 'bends');
        const earlier = two.state;
        // Both pages have a snapshot of the same state.
        const counts = clients.map(({ snapshots }) => snapshots);
        await one.page.locator('#volume').fill(String(-20 - counts[0]));
        for (const [i, client] of clients.entries()) await client.until(({ snapshots }) => snapshots > counts[i], 'snapshot');
        await instrument.kill();
        for (const client of clients) await client.stands('away');
        await one.press(edit);
        await instrument.start();
        for (const client of clients) {
            await client.stands('open');
            const shows = edit === 'random'
                ? ({ state }) => state.network && state.network.file !== earlier.network.file
                : ({ state }) => state.layers?.layers.length > earlier.layers.layers.length;
            await client.until(shows, `${edit} made meanwhile`);
        }
        for (const client of clients) await client.until(({ played }) => played === one.played, 'the same state');
    }
    await close(...clients);
});

test('the sound continues from connected to standalone and back', { skip }, async (t) => {
    const client = await browser.open(instrument.url);
    const lacks = await missingModule(client);
    if (lacks) return t.skip(lacks);
    const { page } = client;
    await page.getByRole('button', { name: 'night train' }).click();
    await client.until(({ name }) => name === 'night train', 'another network');
    await client.draw('Box', [0.4, 0.3], [0.5, 0.5]);
    await client.until(({ bends }) => bends.length > 0, 'bends');
    const first = client.bends;
    await client.press('listen');
    await client.until(({ frames }) => frames[3] > 10, 'sound');

    await client.press('alone');
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await showsName(client, 'night train');
    assert.equal(await shownBends(client, 'hand'), String(first.length));
    assert.equal(await page.locator('#listen').getAttribute('aria-pressed'), 'true');
    // Edits of the standalone instrument return to the connected one.
    await client.draw('Box', [0.55, 0.3], [0.75, 0.6]);
    await eventually(async () => Number(await shownBends(client, 'hand')) > first.length, 'more bends');
    await client.press('record');
    await page.getByRole('button', { name: 'Stop 0:01' }).waitFor(PATIENCE);
    const saved = page.waitForEvent('download', PATIENCE);
    await client.press('record');
    const heard = samples(readFileSync(await (await saved).path()));
    assert.ok(new Set(heard).size > 100, 'the recording is silent');
    const second = Number(await shownBends(client, 'hand'));

    await client.press('connected');
    await page.getByText('desk', { exact: true }).waitFor(PATIENCE);
    await client.until(({ bends }) => bends.length === second && first.every((bend) => bends.includes(bend)), 'all bends');
    assert.equal(client.name, 'night train');
    const { frames } = client;
    const sounded = frames[3];
    await client.until(() => frames[3] > sounded, 'sound again');
    await close(client);
    return undefined;
});

test('a reload keeps network, bends and presets of the standalone instrument', { skip }, async (t) => {
    const client = await browser.open(instrument.url);
    const lacks = await missingModule(client);
    if (lacks) return t.skip(lacks);
    const { page } = client;
    await client.press('alone');
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await page.getByRole('button', { name: 'night train' }).click();
    await showsName(client, 'night train');
    await page.getByLabel('Name of a new preset').fill('dusk');
    await page.getByRole('button', { name: 'Save preset' }).click();
    await page.getByRole('button', { name: 'Delete dusk' }).waitFor(PATIENCE);
    await page.getByRole('button', { name: 'storm' }).click();
    await showsName(client, 'storm');
    await client.draw('Box', [0.4, 0.3], [0.5, 0.5]);
    await eventually(async () => Number(await shownBends(client, 'hand')) > 0, 'bends');
    const bent = await shownBends(client, 'hand');
    // Reads the browser's storage as the page does.
    const stored = () => page.evaluate(() => new Promise((resolve) => {
        const opened = indexedDB.open('gatebend', 1);
        opened.onsuccess = () => {
            const all = opened.result.transaction('alone').objectStore('alone');
            const played = all.get('played');
            const presets = all.get('presets');
            presets.onsuccess = () => {
                opened.result.close();
                resolve(presets.result?.size === 1 ? played.result?.snapshot ?? '' : '');
            };
        };
    }));
    await eventually(async () => {
        const { name, bends = [] } = JSON.parse(await stored() || '{}');
        return name === 'storm' && JSON.stringify(bends).length > 2;
    }, 'stored state');

    await page.reload();
    await client.stands('open');
    assert.notEqual(await page.locator('#network-name').textContent(), 'storm');
    await client.press('alone');
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await showsName(client, 'storm');
    assert.equal(await shownBends(client, 'hand'), bent);
    await page.getByRole('button', { name: 'dusk', exact: true }).click();
    await showsName(client, 'night train');
    await close(client);
    return undefined;
});

test('without a connection the page opens and plays an expression', { skip }, async (t) => {
    const client = await browser.open(instrument.url);
    const lacks = await missingModule(client);
    if (lacks) return t.skip(lacks);
    const { page } = client;
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, PATIENCE);
    await instrument.kill();
    await page.reload();
    await page.getByRole('button', { name: 'Play in this page' }).click(PATIENCE);
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor(PATIENCE);
    await page.getByRole('textbox', { name: 'Expression of t' }).fill('t*(t>>9|t>>13)&63');
    await showsName(client, 't*(t>>9|t>>13)&63');
    await eventually(() => page.locator('.graph-stage canvas').first().evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size > 3;
    }), 'image of the gates');
    await close(client);
    return undefined;
});

test('a link contains the network and its bends', { skip }, async () => {
    const one = await browser.open(instrument.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await one.draw('Box', [0.4, 0.3], [0.6, 0.5]);
    await one.until(({ bends }) => bends.length > 0, 'bends');
    const [bends, name, { file }] = [one.bends, one.name, one.state.network];
    await one.press('share');
    await one.page.getByText(/Link copied/).waitFor(PATIENCE);
    const link = await one.page.evaluate(() => navigator.clipboard.readText());
    await one.page.getByRole('button', { name: 'first light' }).click();
    await one.until((now) => now.name === 'first light' && now.bends.length === 0, 'another network');

    const other = await browser.open(link);
    // Links come from anywhere, so they only play after a click.
    await other.page.getByText(`This link has the network \u201c${name}\u201d.`).waitFor(PATIENCE);
    assert.equal(other.name, 'first light');
    await other.page.getByRole('button', { name: 'Play it' }).click();
    await other.until((now) => now.name === name && now.bends.length > 0, 'network of the link');
    assert.deepEqual(other.bends, bends);
    assert.deepEqual(JSON.parse(other.state.network.file).layers, JSON.parse(file).layers);
    await close(one, other);
});

test('a saved file opens again with its bends', { skip }, async () => {
    const client = await browser.open(instrument.url);
    await client.draw('Box', [0.4, 0.3], [0.6, 0.5]);
    await client.until(({ bends }) => bends.length > 0, 'bends');
    const [bends, name] = [client.bends, client.name];
    const saved = client.page.waitForEvent('download', PATIENCE);
    await client.press('save');
    const path = await (await saved).path();
    await client.press('random');
    await client.until((now) => now.name !== name && now.bends.length === 0, 'another network');
    await client.page.locator('#file').setInputFiles(path);
    await client.until((now) => now.name === name && now.bends.length > 0, 'network of the file');
    assert.deepEqual(client.bends, bends);
    await close(client);
});
