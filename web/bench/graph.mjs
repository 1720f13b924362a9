// Measures frames of the graph while it plays, in headless Chromium without a GPU: on a 2D
// canvas, and with software WebGL, whose frames are slow but cost the same script time. Run
// `node web/bench/graph.mjs`; it fails if a bound is exceeded. All rounds do the same work, and
// the minimum over the rounds counts, as other programs may be running.
//
// - script: the time in callbacks of animation frames, activity and pointers, of each frame
// - whole: the processor time of all tasks of the page's thread, which also draws, a frame;
//   for 'paints', a move of the brush until it is confirmed

import { open } from '../test/browser.mjs';

/** Bounds in milliseconds: of script (95th percentile), of a whole frame, of a move. */
const SMALL = { script: 4, whole: 16, move: 16 };
const LARGE = { script: 16, whole: 16, move: 16 };
const LARGEST = { script: 16, whole: 16, move: 50 };
/** Software WebGL draws slowly: only its script counts. */
const SCRIPT = { script: 4, whole: Infinity, move: Infinity };
const FRAMES = 120;
const ROUNDS = 3;
// With software WebGL, a frame takes most of a second.
const FEW = 20;

const { browser, address, close } = await open();
let failed = false;
console.log('task'.padEnd(34), 'frames'.padStart(7), ...['median', 'p95', 'max'].map((name) => name.padStart(8)), 'ms script'.padStart(10), 'ms whole'.padStart(10));
for (const [size, query, bounds] of [
    ['4,096 gates', 'layers=8&each=512', SMALL], ['trained-stairs', 'network=trained-stairs', SMALL],
    ['12,288 gates', 'layers=8&each=1536', LARGE], ['65,536 gates', 'layers=32&each=2048', LARGEST],
    ['4,096 gates, WebGL', 'layers=8&each=512&by=webgl', SCRIPT]]) {
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.addInitScript(meter);
    await page.goto(`${address}test/graph.html?still&${query}`);
    await page.waitForFunction(() => window.graph?.shown);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
    for (const task of ['plays', 'pans and zooms', 'hovers cones', 'paints']) {
        const frames = query.endsWith('webgl') ? FEW : FRAMES;
        const rounds = [];
        let whole = Infinity;
        for (let round = 0; round < ROUNDS; round += 1) {
            const before = await busy();
            rounds.push(await page.evaluate(run, { task, frames }));
            whole = Math.min(whole, (await busy() - before) / frames);
        }
        const times = rounds[0].map((_, at) => Math.min(...rounds.map((round) => round[at])));
        const sorted = times.sort((one, other) => one - other);
        const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
        const most = task === 'paints' ? bounds.move : bounds.whole;
        const bad = [at(0.95) > bounds.script && `script exceeds ${bounds.script} ms`, whole > most && `whole exceeds ${most} ms`].filter(Boolean);
        failed ||= bad.length > 0;
        console.log(`${size}, ${task}`.padEnd(34), String(frames).padStart(7),
            ...[at(0.5), at(0.95), at(1)].map((time) => time.toFixed(2).padStart(8)), ' '.repeat(10), whole.toFixed(2).padStart(10), bad.join(', '));
    }
    await page.close();
}
await close();
process.exit(failed ? 1 : 0);

/** Measures the time in callbacks of animation frames. */
function meter() {
    const original = window.requestAnimationFrame.bind(window);
    window.spent = 0;
    window.requestAnimationFrame = (call) => original((now) => {
        const from = performance.now();
        call(now);
        window.spent += performance.now() - from;
    });
    window.nextFrame = () => new Promise((go) => { original(go); });
}

/** Returns the script time of each frame of a task, in milliseconds. */
async function run({ task, frames }) {
    const { store, graph } = window;
    const { nodes, inputs } = graph.model;
    const activity = window.activities ??= Array.from({ length: 16 }, (_, k) => Uint8Array.from({ length: nodes }, (__, node) =>
        (Math.sin(node * 12.9 + k) > 0 ? 128 : 0) | ((node * 37 + k * 11) % 128)));
    const timed = (call) => {
        const from = performance.now();
        call();
        window.spent += performance.now() - from;
    };
    const stage = document.querySelector('.graph-stage');
    const box = stage.getBoundingClientRect();
    const send = (type, x, y, more = {}) => timed(() => stage.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, pointerType: 'mouse', clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, ...more,
    })));
    stage.setPointerCapture = () => {};
    graph.tools.take(task === 'paints' ? 'brush' : 'look');
    if (task === 'paints') send('pointerdown', 0.1, 0.1, { button: 0 });
    const times = [];
    for (let at = 0; at < frames; at += 1) {
        window.spent = 0;
        // Activity arrives 30 times a second, at 60 frames a second.
        if (at % 2 === 0) {
            timed(() => {
                store.activity = { revision: store.state.network.revision, t: at, nodes: activity[(at / 2) % 16] };
                store.dispatchEvent(new CustomEvent('activity', { detail: store.activity }));
            });
        }
        if (task === 'pans and zooms') {
            timed(() => {
                graph.view.pan(Math.sin(at / 9) * 12, Math.cos(at / 7) * 8);
                graph.view.zoom(at % 100 < 50 ? 1.05 : 1 / 1.05);
                graph.moved();
            });
        }
        if (task === 'hovers cones') timed(() => graph.hover(inputs + ((at * 97) % (nodes - inputs))));
        if (task === 'paints') send('pointermove', 0.1 + 0.8 * ((at * 0.013) % 1), 0.1 + 0.8 * ((at * 0.007) % 1));
        await window.nextFrame();
        // Wait for the remaining callbacks of this frame.
        await new Promise((go) => { setTimeout(go); });
        times.push(window.spent);
    }
    if (task === 'paints') send('pointerup', 0.5, 0.5);
    while (graph.strokes.pending.size > 0) await window.nextFrame();
    graph.hover(null);
    graph.fit();
    return times;
}
