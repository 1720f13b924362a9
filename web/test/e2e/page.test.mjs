// The page of the running program: what it shows, what a hand does, and that several
// pages and the instrument stay in step.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Instrument, PATIENCE, eventually, launch, missing } from './instrument.mjs';

const why = await missing();
const skip = why || false;
/** The display's first rows are words, and its load comes and goes. */
const WORDS = 12;
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
 * @param {(...clients: import('./instrument.mjs').Client[]) => Promise<void>} does with so many clients
 */
function inPages(name, does) {
    test(name, { skip }, async () => {
        const clients = [];
        for (let i = 0; i < does.length; i++) clients.push(await browser.open(instrument.url));
        await does(...clients);
        for (const { page, problems } of clients) {
            assert.deepEqual(problems, []);
            await page.context().close();
        }
    });
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

inPages('it greets, and shows network, gates, display and how it does', async (client) => {
    const { page } = client;
    await client.until(({ frames, name }) => frames[1] > 5 && frames[2] > 0 && name !== '', 'what it plays');
    assert.equal(await page.locator('#network-name').textContent(), client.name);
    assert.equal(await page.locator('#connection-state').textContent(), 'desk');
    assert.deepEqual(await page.locator('#library button').allTextContents(), client.state.library.names);
    await page.getByText(/load\s+[\d.]+%/).waitFor();
    await page.waitForFunction(() => document.querySelector('#seek').dataset.bent !== undefined, undefined, PATIENCE);

    const drawn = await client.gates();
    await eventually(async () => await client.gates() !== drawn, 'gates that play');
    await client.play(false);
    await eventually(async () => client.shown.length > 0 && same(client.shown, await client.lit()), 'the display as it is');
});

inPages('a touch is seen on display and gates, until it is lifted', async (client) => {
    const { page } = client;
    await client.splashed();
    await client.play(false);
    // Where nothing moves by itself, all that changes is the touch.
    const picture = async () => [(await client.lit()).filter((at) => Number(at.split(' ')[1]) >= WORDS), await client.gates()];
    let still = await picture();
    await eventually(async () => {
        const last = still;
        still = await picture();
        return still[0].length > 0 && same(last, still);
    }, 'a picture that stands still');

    await client.touch(0.3, 0.5);
    await client.until(({ state }) => state.touched.nodes.length > 0, 'touched gates');
    await eventually(async () => {
        const [display, gates] = await picture();
        return !same(display, still[0]) && gates !== still[1];
    }, 'another picture');
    await page.mouse.up();
    await client.until(({ state }) => state.touched.nodes.length === 0, 'nothing touched');
    await page.mouse.move(5, 5);
    await eventually(async () => same(await picture(), still), 'the picture from before');
});

inPages('what one page does, the other shows', async (one, other) => {
    await one.draw('Paint the gates in a box', [0.4, 0.2], [0.55, 0.4]);
    await one.until(({ bends }) => bends.length > 0, 'bends');
    await other.until(({ bends }) => same(bends, one.bends), 'the same bends');
    await eventually(async () => (await other.page.locator('#layers .number').first().textContent()) === String(one.bends.length), 'their number');

    await other.page.locator('#volume').fill('-20');
    await one.until(({ played }) => played === other.played, 'the same volume');
    await eventually(async () => await one.page.locator('#volume').inputValue() === '-20', 'the same fader');
    await other.splashed();
    await other.touch(0.6, 0.4);
    await one.until(({ state }) => state.touched.nodes.length > 0, 'the other\'s touch');
    // Who leaves lifts its fingers.
    await other.page.goto('about:blank');
    await one.until(({ state }) => state.touched.nodes.length === 0, 'a lifted finger');
});

inPages('of two that bend the same gates, the last one counts, gate by gate', async (one, other) => {
    const paint = async (client, bend, from, to) => {
        await client.page.getByRole('button', { name: bend, exact: true }).click();
        await client.draw('Paint the gates in a box', from, to);
    };
    await paint(one, 'Paint 1', [0.4, 0.2], [0.6, 0.6]);
    await other.until(({ bends }) => bends.length > 0 && same(bends, one.bends), 'what the first one bent');
    const first = one.bends;
    assert.ok(first.every((bend) => bend.endsWith('"one"')));
    await paint(other, 'Paint 0', [0.5, 0.2], [0.7, 0.6]);
    await one.until(({ bends }) => bends.some((bend) => bend.endsWith('"zero"')) && same(bends, other.bends), 'what the second one bent');
    const nodes = (bends, kind) => bends.filter((bend) => bend.endsWith(kind)).map((bend) => bend.split(' ')[0]);
    const now = one.bends;
    const kept = nodes(now, '"one"');
    const covered = nodes(now, '"zero"');
    assert.ok(kept.length > 0 && nodes(first, '"one"').some((node) => covered.includes(node)), 'some gates were bent by both');
    assert.deepEqual([...new Set([...kept, ...covered])].sort(), [...new Set([...nodes(first, '"one"'), ...covered])].sort());

    // At the same time, whoever was last: all agree.
    await Promise.all([
        paint(one, 'Paint 1', [0.3, 0.2], [0.6, 0.6]),
        paint(other, 'Paint inverted', [0.4, 0.2], [0.7, 0.6]),
    ]);
    const both = ({ bends }) => bends.some((bend) => bend.endsWith('"one"')) && bends.some((bend) => bend.endsWith('"invert"'));
    await one.until(both, 'both');
    await other.until((client) => both(client) && client.played === one.played, 'the same');
    const third = await browser.open(instrument.url);
    await third.until(({ played }) => played === one.played && played === other.played, 'what a third one is told');
    await third.page.context().close();
});
