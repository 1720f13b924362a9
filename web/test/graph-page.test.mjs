// The graph in a browser: input with mouse, touch and keyboard, and the messages it sends.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PATIENCE, missing, open } from './browser.mjs';

const why = await missing();
let chromium;
before(async () => { if (!why) chromium = await open(); });
after(() => chromium?.close());

/**
 * @param {string} name
 * @param {(page: any, tools: { at: (node: number, dx?: number, dy?: number) => Promise<[number, number]>, sent: (matches: (message: any) => boolean) => Promise<any> }) => Promise<void>} run
 * @param {{ query?: string, context?: object }} [options]
 */
function inGraph(name, run, { query = 'still&network=pebbles' } = {}) {
    test(name, { skip: why || false }, async () => {
        const problems = [];
        const page = await chromium.browser.newPage();
        page.on('pageerror', (error) => problems.push(error.stack));
        page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
        await page.setViewportSize({ width: 1200, height: 800 });
        await page.goto(`${chromium.address}test/graph.html?${query}`);
        await page.waitForFunction(() => window.graph?.shown);
        /** Returns the position of a node in the page. */
        const at = (node, dx = 0, dy = 0) => page.evaluate(([which, x, y]) => {
            const { view, shown: { layout: places } } = window.graph;
            const box = window.graph.stage.getBoundingClientRect();
            const [px, py] = view.toPixels(places.x[which] + x, places.y[which] + y);
            return [box.left + px, box.top + py];
        }, [node, dx, dy]);
        const sent = async (matches) => {
            const found = await page.waitForFunction((source) =>
                window.store.sent.find((message) => new Function('message', `return (${source})(message)`)(message)), matches.toString(), PATIENCE);
            return found.jsonValue();
        };
        await run(page, { at, sent });
        assert.deepEqual(problems, []);
        await page.close();
    });
}

for (const by of ['plain', 'webgl']) {
    inGraph(`the brush paints a stroke (${by} renderer)`, async (page, { at, sent }) => {
        await page.getByRole('button', { name: 'Paint 0' }).click();
        await page.mouse.move(...await at(20));
        await page.mouse.down();
        await page.mouse.move(...await at(90), { steps: 8 });
        await page.mouse.up();
        await sent(({ type, begins, bends }) => type === 'paint' && begins && bends.some(([node, bend]) => node === 20 && bend === 'zero'));
        await page.waitForFunction(() => window.store.state.layers.layers[0].bends.some(([node]) => node === 90));
        const begun = await page.evaluate(() => window.store.sent.filter(({ begins }) => begins).length);
        assert.equal(begun, 1);
        // The paint is confirmed.
        await page.waitForFunction(() => window.graph.strokes.pending.size === 0);
    }, { query: `still&network=pebbles&by=${by}` });
}

inGraph('box and cone tools paint the gates they contain', async (page, { at, sent }) => {
    await page.getByRole('button', { name: 'Paint the gates in a box' }).click();
    const [x, y] = await at(40);
    await page.mouse.move(x - 8, y - 8);
    await page.mouse.down();
    await page.mouse.move(x + 8, y + 8, { steps: 3 });
    await page.mouse.up();
    const box = await sent(({ type }) => type === 'paint');
    assert.deepEqual(box, { type: 'paint', bends: [[40, 'invert']], begins: true });
    await page.getByRole('button', { name: 'Paint a gate and all it depends on' }).click();
    await page.mouse.click(...await at(150));
    const cone = await page.evaluate(() => window.graph.model.fanIn(150));
    await page.waitForFunction((wanted) => window.store.sent.at(-1).bends.length === wanted, cone.length);
    const last = await page.evaluate(() => window.store.sent.at(-1));
    assert.deepEqual(last.bends.map(([node]) => node), cone);
});

inGraph('keys navigate, select, bend and undo', async (page, { sent }) => {
    await page.locator('.graph-stage').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('[aria-live]').textContent.startsWith('Gate'));
    const node = await page.evaluate(() => window.graph.selected);
    assert.equal(await page.evaluate(() => window.graph.model.operands(window.graph.selected).includes(0)), true);
    await page.keyboard.press('1');
    const paint = await sent(({ type }) => type === 'paint');
    assert.deepEqual(paint.bends, [[node, 'one']]);
    await page.keyboard.press('Control+z');
    await sent(({ type }) => type === 'undo');
    await page.keyboard.press('Control+Shift+Z');
    await sent(({ type }) => type === 'redo');
});

inGraph('focus follows a link of the inspector and returns to the graph', async (page, { at }) => {
    await page.mouse.click(...await at(90));
    await page.locator('.graph-link').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.graph.selected !== 90);
    const focused = () => page.evaluate(() => [document.activeElement.localName, document.activeElement.textContent]);
    assert.deepEqual(await focused(), ['h3', await page.locator('.graph-inspector h3').textContent()]);
    await page.getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.evaluate(() => document.activeElement === window.graph.stage));
});

inGraph('the inspector shows the truth table, bends to an operation and rewires', async (page, { at, sent }) => {
    await page.mouse.click(...await at(100));
    const panel = page.getByRole('complementary', { name: 'Selected gate' });
    await panel.waitFor();
    const op = await page.evaluate(() => window.graph.model.op[100]);
    const outs = await panel.locator('tbody tr td:last-child').allTextContents();
    assert.equal(Number.parseInt(outs.join(''), 2), op);
    await panel.getByLabel('Bend it to another operation').selectOption({ label: 'xnor' });
    await sent(({ type, bends }) => type === 'paint' && bends[0][0] === 100 && bends[0][1].op === 9);
    await panel.getByText('Change permanently').click();
    await panel.getByLabel('Operation', { exact: true }).selectOption({ label: 'nand' });
    await panel.getByLabel('Node read as b').fill('3');
    await panel.getByRole('button', { name: 'Rewire' }).click();
    const { gate, node } = await sent(({ type }) => type === 'rewire');
    assert.deepEqual([node, gate[0], gate[2]], [100, 14, 3]);
    // The layout and the selection stay.
    await page.waitForFunction(() => window.graph.model.op[100] === 14 && window.graph.selected === 100);
    await page.evaluate(() => { window.store.refusal = 'Not now.'; });
    await panel.getByRole('button', { name: 'bent to 1' }).click();
    await page.getByText('Not now.').waitFor();
});

inGraph('a wire can be dragged to an earlier node, not to a later one', async (page, { at, sent }) => {
    await page.evaluate(() => { window.graph.view.zoom(3, 0, 0); window.graph.reveal(60); window.graph.moved(); });
    const [to, later] = await page.evaluate(() => {
        const { view, shown: { layout: places }, model } = window.graph;
        const seen = (node) => {
            const [x, y] = view.toPixels(places.x[node], places.y[node]);
            return node !== 60 && x > 20 && y > 20 && x < view.width - 20 && y < view.height - 20;
        };
        const nodes = [...Array(model.nodes).keys()].filter(seen);
        return [nodes.find((node) => node < 60), nodes.find((node) => node > 60)];
    });
    for (const end of [to, later]) {
        await page.mouse.move(...await at(60, -0.36, 0.17));
        await page.mouse.down();
        await page.mouse.move(...await at(end), { steps: 5 });
        await page.mouse.up();
        if (end === to) {
            const { node, gate } = await sent(({ type }) => type === 'rewire');
            assert.deepEqual([node, gate[2]], [60, to]);
            await page.waitForFunction((wanted) => window.graph.model.b[60] === wanted, to);
        }
    }
    await page.getByText(`Gate 60 cannot read gate ${later}`).waitFor();
});

inGraph('one finger paints, two move and zoom', async (page, { at }) => {
    await page.getByRole('button', { name: 'Paint 1' }).click();
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...points) => session.send('Input.dispatchTouchEvent', {
        type, touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    });
    const start = await at(60);
    await touch('touchStart', start);
    await touch('touchMove', [start[0] + 30, start[1]]);
    await touch('touchEnd');
    await page.waitForFunction(() => window.store.sent.some(({ bends }) => bends?.some(([node]) => node === 60)));
    await page.waitForFunction(() => window.graph.input.gesture === '');
    const [count, scale] = await page.evaluate(() => [window.store.sent.length, window.graph.view.scale]);
    await touch('touchStart', [500, 400], [600, 400]);
    await touch('touchMove', [450, 400], [650, 400]);
    await touch('touchMove', [400, 400], [700, 400]);
    await touch('touchEnd');
    await page.waitForFunction((was) => window.graph.view.scale > 1.5 * was, scale);
    assert.equal(await page.evaluate(() => window.store.sent.length), count);
});

inGraph('65,536 gates are laid out in steps and drawn', async (page) => {
    const longest = await page.evaluate(async () => {
        const file = window.randomNetwork({ layers: 8, each: 8192 });
        window.store.load(file);
        await new Promise((go) => {
            const look = () => (window.graph.shown.model.nodes > 65_000 ? go() : setTimeout(look));
            look();
        });
        return window.graph.shown.layout.x.length;
    });
    assert.equal(longest, 16 + 65_536 + 8);
});

inGraph('dead gates are hidden by the parameter', async (page) => {
    const [inputs, alive, outputs, nodes] = await page.evaluate(() => {
        const { model } = window.graph;
        const gates = model.alive.subarray(model.inputs);
        return [model.inputs, gates.reduce((sum, one) => sum + one, 0), model.outputs.length, model.nodes];
    });
    assert.ok(alive < nodes - inputs);
    const setDead = (value) => page.evaluate((dead) => {
        window.store.value = () => dead;
        window.store.change({ parameters: [] });
    }, value);
    const shows = (count) => page.waitForFunction((wanted) =>
        window.graph.shown.layout.placed.reduce((sum, one) => sum + one, 0) === wanted, count);
    await setDead(0);
    await shows(inputs + alive + outputs);
    await setDead(1);
    await shows(nodes + outputs);
});

inGraph('the graph fills the whole window and returns to its place', async (page) => {
    await page.addStyleTag({ content: 'body { height: 500px !important; min-height: 0; } #graph { max-height: 400px; } .graph-wide { max-height: none !important; }' });
    await page.waitForFunction(() => window.graph.view.height < 400);
    const usual = await page.evaluate(() => window.graph.view.height);
    await page.locator('.graph-stage').focus();
    await page.keyboard.press('z');
    await page.waitForFunction((height) => window.graph.view.height > height, usual);
    assert.equal(await page.getByRole('button', { name: 'Whole window' }).getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('Escape');
    await page.waitForFunction((height) => window.graph.view.height === height, usual);
});

inGraph('an invalid network shows a message', async (page) => {
    await page.evaluate(() => window.store.change({ network: { revision: 99, file: '{"format":"other"}', places: [] } }));
    await page.getByText('This is not a network file.').waitFor();
});
