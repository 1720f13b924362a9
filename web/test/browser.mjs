// The page in a headless Chromium, with a fake instrument or a real one.

import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../', import.meta.url));
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const TYPES = {
    '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
    '.json': 'application/json', '.png': 'image/png', '.webmanifest': 'application/manifest+json',
    '.wasm': 'application/wasm',
};

/** Time limit of all waiting, in milliseconds; no test depends on how long it takes. */
export const PATIENCE = { timeout: 30_000 };

/** Options to launch the browser. */
export const LAUNCH = {
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
        // A microphone that beeps, and that every page may use.
        '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
};

/** Replaces link/socket.js: connects to a fake instrument in the page. */
const FAKE = `
import { FakeInstrument } from '/test/fake-port.js';
import { activity } from '/test/graph-store.js';
const file = await (await fetch('/assets/networks/street-surfer.json')).text();
const instrument = window.instrument = new FakeInstrument();
window.FakeInstrument = FakeInstrument;
Object.assign(instrument.state, {
    network: instrument.network(file),
    library: { names: ['first light', 'clockwork', 'crowd', 'eight notes', 'fractal melody', 'lost in space', 'street surfer', 'night train', 'storm'], place: 6 },
    layers: { chosen: 1, layers: [
        { name: 'bass', strength: 100, bends: [[30, 'zero', true], [31, 'one', true]] },
        { name: 'shimmer', strength: 50, bends: [[60, 'invert', true], [61, 'invert', false], [72, 'zero', true]] },
    ] },
    presets: ['dawn', 'the long one'], history: [3, 1],
});
const picture = await createImageBitmap(await (await fetch('/docs/pictures/play-64.png')).blob());
const canvas = new OffscreenCanvas(128, 64);
const context = canvas.getContext('2d');
context.imageSmoothingEnabled = false;
context.drawImage(picture, 0, 0, 128, 64);
const { data } = context.getImageData(0, 0, 128, 64);
const display = new Uint8Array(4 + 1024);
display.set([2, 1, 200, 64]);
for (let y = 0; y < 64; y++) for (let x = 0; x < 128; x++) {
    if (data[4 * (y * 128 + x)] > 127) display[4 + (y >> 3) * 128 + x] |= 1 << (y & 7);
}
export function connect(listener) {
    const port = instrument.connect(listener);
    let t = 0;
    setInterval(() => {
        t += 267;
        const { state } = instrument;
        const bends = state.layers.layers.flatMap((layer) => layer.bends).filter(([, , counts]) => counts);
        const nodes = activity(JSON.parse(state.network.file), new Map(bends), t);
        const frame = new Uint8Array(12 + nodes.length);
        const view = new DataView(frame.buffer);
        frame[0] = 1;
        view.setUint32(4, state.network.revision, true);
        view.setUint32(8, t, true);
        frame.set(nodes, 12);
        listener.onmessage(frame.buffer);
        listener.onmessage(display.slice().buffer);
        listener.onmessage(JSON.stringify({ type: 'status', t, load: 123, late: 0, engine: 'cpu', clients: 1, training: instrument.trainer, faults: [] }));
    }, 33);
    return port;
}
`;

/** Replaces audio/standalone.js: a new fake instrument each time. */
const FAKE_ALONE = `
import { FakeInstrument } from '/test/fake-port.js';
export async function connect(listener, { context }) {
    const alone = window.alone = new FakeInstrument(100 + Math.floor(Math.random() * 1e6));
    return { node: context ? new GainNode(context) : null, hears: Boolean(context), ...alone.connect(listener) };
}
`;

/** Serves the page from the folder. */
async function serve() {
    const house = join(web, '..');
    const server = createServer((request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
        const file = /^\/(assets|docs)\//.test(path) ? join(house, path) : join(web, path === '/' ? 'index.html' : path);
        const stream = createReadStream(file);
        stream.on('error', () => response.writeHead(404).end());
        stream.on('open', () => {
            response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
            stream.pipe(response);
        });
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return server;
}

/** Returns why there is no browser; empty if there is one. */
export async function missing() {
    if (!existsSync(chromiumPath)) return `no ${chromiumPath}: apt-get install chromium`;
    const found = await import('playwright-core').catch(() => null);
    return found ? '' : 'no playwright-core: web/check.sh --install';
}

/**
 * Opens a browser, and starts a server of the page if no address is given.
 * @param {string} [url] of an instrument
 */
export async function open(url) {
    const { chromium } = await import('playwright-core');
    const server = url ? null : await serve();
    const address = url ?? `http://127.0.0.1:${server.address().port}/`;
    const profile = mkdtempSync(join(tmpdir(), 'gatebend-browser-'));
    const browser = await chromium.launchPersistentContext(profile, LAUNCH);
    return {
        browser,
        address,
        /**
         * Opens a page and waits until it is connected; reports errors in it.
         * @param {{ size: [number, number], colorScheme?: string, onproblem: (problem: string) => void, fragment?: string, alone?: boolean, copy?: boolean }} look `alone`: with a
         *   second fake instrument in the page; `copy`: with that one only
         */
        async page({ size: [width, height], colorScheme = 'dark', onproblem, fragment = '', alone = false, copy = false }) {
            const page = await browser.newPage();
            page.on('pageerror', (error) => onproblem(error.stack));
            page.on('console', (message) => {
                // The page asks for files that may be missing, like the module.
                if (message.type() === 'error' && !/404|WebSocket/.test(message.text())) onproblem(message.text());
            });
            await page.setViewportSize({ width, height });
            await page.emulateMedia({ colorScheme });
            if (!url) {
                if (copy) await page.route('**/gatebend.wasm', (route) => route.fulfill({ status: 200, body: '' }));
                else await page.route('**/link/socket.js', (route) => route.fulfill({ contentType: 'text/javascript', body: FAKE }));
                if (alone || copy) {
                    await page.route('**/audio/standalone.js', (route) =>
                        route.fulfill({ contentType: 'text/javascript', body: FAKE_ALONE }));
                }
            }
            await page.goto(address + fragment);
            await page.waitForFunction(() => document.querySelector('.light')?.dataset.state === 'open');
            return page;
        },
        async close() {
            await browser.close();
            server?.close();
            rmSync(profile, { recursive: true, force: true });
        },
    };
}
