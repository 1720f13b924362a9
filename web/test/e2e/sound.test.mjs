// The page plays the same sound as the program, sample for sample, in two steps: every frame of
// the stream is compared with the program's at the same position, and the recording that the
// page makes of its audio graph is compared with the stream. Lost and late sound is measured
// and reported, and left out of the comparison. Nothing is tried twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { rounded } from '../../audio/recorder.js';
import { Instrument, PATIENCE, launch, missing } from './instrument.mjs';
import { RATE, matchEdits, preset, samples } from './oracle.mjs';
import { locate } from './stream.mjs';

const why = await missing();
const skip = why || false;
/** At least this part of a recording must be sound of the stream; the rest is silence. */
const LEAST_PART = 0.5;
/** At least this much must be recorded between one edit and the next, in seconds. */
const LEAST_SECONDS = 0.2;
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
 * Listens to the instrument, records in the page and makes edits meanwhile, then compares.
 * @param {import('node:test').TestContext} t
 * @param {{ edit: (client: import('./instrument.mjs').Client) => Promise<void>, line: string | ((client: import('./instrument.mjs').Client) => string) }[]} edits
 *   in the page, and in a script
 * @param {(client: import('./instrument.mjs').Client) => string[]} [options] of the program
 */
async function compare(t, edits, options = () => []) {
    const client = await browser.open(instrument.url);
    const { page, stream } = client;
    await client.press('listen');
    await client.until(() => stream.end > stream.start, 'sound');
    await client.press('record');
    await page.locator('#record[aria-pressed=true]').waitFor(PATIENCE);
    const lines = [];
    await recordMore(client);
    for (const { edit, line } of edits) {
        await edit(client);
        lines.push(typeof line === 'string' ? line : line(client));
        await recordMore(client);
    }
    const saved = page.waitForEvent('download', PATIENCE);
    await client.press('record');
    const recording = samples(readFileSync(await (await saved).path()));
    const arguments_ = options(client);
    assert.deepEqual(client.problems, []);
    await page.context().close();

    const lost = stream.gaps.reduce((sum, { length }) => sum + length, 0);
    const { pieces, unknown } = locate(recording, rounded(stream.frames));
    const located = pieces.reduce((sum, { length }) => sum + length, 0);
    t.diagnostic(`streamed ${stream.end - stream.start} frames, lost ${lost} of them in ${stream.gaps.length} gaps; `
        + `recorded ${recording.length}, ${located} of them sound in ${pieces.length} pieces`);

    const differences = matchEdits(stream, lines, arguments_);
    assert.equal(differences.at(-1), Infinity, `the stream differs from the program's sound at ${differences}`);
    assert.equal(differences.length, lines.length + 1, `an edit is inaudible: ${differences}`);
    assert.equal(unknown, -1, `recorded sample ${unknown} is not in the stream: ${JSON.stringify(pieces)}`);
    assert.ok(located >= LEAST_PART * recording.length, `${located} of ${recording.length} recorded frames are sound`);
    const bounds = [0, ...differences];
    bounds.slice(1).forEach((bound, i) => {
        const recorded = pieces.reduce((sum, { from, length }) => {
            const [start, end] = [stream.start + from, stream.start + from + length];
            return sum + Math.max(0, Math.min(end, bound) - Math.max(start, bounds[i]));
        }, 0);
        assert.ok(recorded >= LEAST_SECONDS * RATE, `${recorded} frames are recorded after edit ${i}`);
    });
    assert.ok(new Set(recording).size > 100, 'the recording is silent');
}

/** Waits until the page has recorded another second, and received another second of the stream. */
async function recordMore(client) {
    const { page, stream } = client;
    const { end } = stream;
    const recorded = (wanted) => page.waitForFunction((least) => {
        const [, minutes, seconds] = /(\d+):([\d.]+)$/.exec(document.querySelector('#record').textContent) ?? [];
        return 60 * minutes + Number(seconds) >= least && 60 * minutes + Number(seconds);
    }, wanted, PATIENCE).then((found) => found.jsonValue());
    await recorded(await recorded(0.01) + 1);
    await client.until(() => stream.end > end + RATE, 'a second of sound');
}

test('the page plays the sound of the program', { skip }, (t) => compare(t, []));

test('painted gates are audible until they are cleared', { skip }, (t) => {
    let nodes = [];
    return compare(t, [{
        async edit(client) {
            await client.draw('Box', [0.4, 0.2], [0.6, 0.5]);
            await client.until(({ bends }) => bends.length > 0, 'bends');
            nodes = client.bends.map((bend) => bend.split(' ')[0]);
        },
        line: () => `bend ${nodes.join(' ')} invert`,
    }, {
        async edit(client) {
            await client.press('undo');
            await client.until(({ bends }) => bends.length === 0, 'no bends');
        },
        line: 'undo',
    }, {
        async edit(client) {
            await client.press('redo');
            await client.until(({ bends }) => bends.length === nodes.length, 'the bends again');
        },
        line: 'redo',
    }, {
        async edit(client) {
            await client.press('clear');
            await client.until(({ bends }) => bends.length === 0, 'no bends');
        },
        line: 'clear',
    }]);
});

test('a shipped network is audible when it is chosen', { skip }, (t) => compare(t, [{
    async edit(client) {
        const { names, place } = client.state.library;
        assert.equal(place, 0);
        await client.page.getByRole('button', { name: names[3] }).click();
        await client.until(({ state }) => state.library.place === 3, 'another network');
    },
    line: 'choose 4',
}]));

for (const [expression, controls] of [['t*(t>>5|t>>8)', ''], ['t*(t>>5|tune)', 'tune:4=0.5']]) {
    test(`the expression ${expression} is audible when it is typed`, { skip }, (t) => compare(t, [{
        async edit(client) {
            if (controls) {
                await client.page.locator('#expression-more summary').click();
                await client.page.locator('#expression-controls').fill(controls);
            }
            await client.page.getByRole('textbox', { name: 'Expression of t' }).fill(expression);
            await client.until(({ name }) => name === expression, 'the expression');
        },
        line: 'recall typed',
    }], (client) => preset('typed', client.state.network.file)));
}
