// The page of the running program: display, input, and several pages in step with the
// instrument.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Instrument, PATIENCE, eventually, launch, missing } from './instrument.mjs';

const why = await missing();
const skip = why || false;
/** Rows of text at the top of the display, in which the load changes. */
const TEXT_ROWS = 12;
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

/**
 * @param {string} name
 * @param {(...clients: import('./instrument.mjs').Client[]) => Promise<void>} run one page for each parameter
 */
function inPages(name, run) {
    test(name, { skip }, async () => {
        const clients = [];
        for (let i = 0; i < run.length; i++) clients.push(await browser.open(instrument.url));
        await run(...clients);
        for (const { page, problems } of clients) {
            assert.deepEqual(problems, []);
            await page.context().close();
        }
    });
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

inPages('the page shows network, gates, display and load', async (client) => {
    const { page } = client;
    await client.until(({ frames, name }) => frames[1] > 5 && frames[2] > 0 && name !== '', 'activity, display and network');
    assert.equal(await page.locator('#network-name').textContent(), client.name);
    assert.equal(await page.locator('#connection-state').textContent(), 'desk');
    assert.deepEqual(await page.locator('#library button').allTextContents(), client.state.library.names);
    await page.getByText(/load\s+[\d.]+%/).waitFor();
    await page.waitForFunction(() => document.querySelector('#seek').dataset.bent !== undefined, undefined, PATIENCE);

    const drawn = await client.gates();
    await eventually(async () => await client.gates() !== drawn, 'change of the gates');
    await client.play(false);
    await eventually(async () => client.shown.length > 0 && same(client.shown, await client.lit()), 'display equal to the instrument\'s');
});

inPages('a touch is visible on display and gates until it is lifted', async (client) => {
    const { page } = client;
    await client.splashed();
    await client.play(false);
    // While paused, only the touch changes the image.
    const picture = async () => [(await client.lit()).filter((at) => Number(at.split(' ')[1]) >= TEXT_ROWS), await client.gates()];
    let still = await picture();
    await eventually(async () => {
        const last = still;
        still = await picture();
        return still[0].length > 0 && same(last, still);
    }, 'stable image');

    await client.touch(0.3, 0.5);
    await client.until(({ state }) => state.touched.nodes.length > 0, 'touched gates');
    await eventually(async () => {
        const [display, gates] = await picture();
        return !same(display, still[0]) && gates !== still[1];
    }, 'change of the image');
    await page.mouse.up();
    await client.until(({ state }) => state.touched.nodes.length === 0, 'end of the touch');
    await page.mouse.move(5, 5);
    await eventually(async () => same(await picture(), still), 'return of the first image');
});

inPages('edits of one page appear in the other', async (one, other) => {
    await one.draw('Box', [0.4, 0.2], [0.55, 0.4]);
    await one.until(({ bends }) => bends.length > 0, 'bends');
    await other.until(({ bends }) => same(bends, one.bends), 'equal bends');
    await eventually(async () => (await other.page.locator('#layers .number').first().textContent()) === String(one.bends.length), 'equal number of bends');

    await other.page.locator('#volume').fill('-20');
    await one.until(({ played }) => played === other.played, 'equal volume');
    await eventually(async () => await one.page.locator('#volume').inputValue() === '-20', 'equal fader');
    await other.splashed();
    await other.touch(0.6, 0.4);
    await one.until(({ state }) => state.touched.nodes.length > 0, 'touch of the other page');
    // Leaving the page lifts its fingers.
    await other.page.goto('about:blank');
    await one.until(({ state }) => state.touched.nodes.length === 0, 'end of the touch');
});

inPages('of two pages that bend the same gate, the last one wins', async (one, other) => {
    const paint = async (client, bend, from, to) => {
        await client.page.locator('#touch').getByRole('radio', { name: bend, exact: true }).click();
        await client.page.locator(`#touch [role=radio][aria-checked=true]:text-is("${bend}")`).waitFor();
        await client.draw('Box', from, to);
    };
    await paint(one, '1', [0.4, 0.2], [0.6, 0.6]);
    await other.until(({ bends }) => bends.length > 0 && same(bends, one.bends), 'bends of the first page');
    const first = one.bends;
    assert.ok(first.every((bend) => bend.endsWith('"one"')));
    await paint(other, '0', [0.5, 0.2], [0.7, 0.6]);
    await one.until(({ bends }) => bends.some((bend) => bend.endsWith('"zero"')) && same(bends, other.bends), 'bends of the second page');
    const nodes = (bends, kind) => bends.filter((bend) => bend.endsWith(kind)).map((bend) => bend.split(' ')[0]);
    const now = one.bends;
    const ones = nodes(now, '"one"');
    const zeros = nodes(now, '"zero"');
    assert.ok(ones.length > 0 && nodes(first, '"one"').some((node) => zeros.includes(node)), 'both pages have bent some gate');
    assert.deepEqual([...new Set([...ones, ...zeros])].sort(), [...new Set([...nodes(first, '"one"'), ...zeros])].sort());

    // At the same time, either may win, but all pages agree. One page flips, one erases.
    await other.page.getByRole('button', { name: 'Erase' }).click();
    await Promise.all([
        paint(one, 'flip', [0.3, 0.2], [0.6, 0.6]),
        other.draw('Box', [0.55, 0.2], [0.7, 0.6]),
    ]);
    const both = ({ bends }) => bends.some((bend) => bend.endsWith('"invert"')) && bends.length < now.length + nodes(bends, '"invert"').length;
    await one.until(both, 'bends of both pages');
    await other.until((client) => both(client) && client.played === one.played, 'equal state');
    const third = await browser.open(instrument.url);
    await third.until(({ played }) => played === one.played && played === other.played, 'equal state in a third page');
    await third.page.context().close();
});
