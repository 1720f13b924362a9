// Pictures of the page, to look at. Usage: node web/test/shots.mjs FOLDER [URL]
// Without the URL of an instrument, a fake one is shown. CHROMIUM names the browser.

import { createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const web = fileURLToPath(new URL('../', import.meta.url));
const TYPES = {
    '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
    '.json': 'application/json', '.png': 'image/png', '.webmanifest': 'application/manifest+json',
    '.wasm': 'application/wasm',
};

/** What port/socket.js is with a fake instrument in the page. */
const FAKE = `
import { FakeInstrument } from '/test/fake-port.js';
const file = await (await fetch('/assets/networks/street-surfer.json')).text();
const instrument = window.instrument = new FakeInstrument();
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
        const nodes = 500;
        const frame = new Uint8Array(12 + nodes);
        const view = new DataView(frame.buffer);
        frame[0] = 1;
        view.setUint32(4, instrument.state.network.revision, true);
        view.setUint32(8, t, true);
        for (let i = 0; i < nodes; i++) frame[12 + i] = (Math.sin(i * i + Math.floor(t / 2000)) > 0.1 ? 128 : 0) | (i * 37 % 127);
        listener.onmessage(frame.buffer);
        listener.onmessage(display.slice().buffer);
        listener.onmessage(JSON.stringify({ type: 'status', t, load: 123, late: 0, engine: 'cpu', clients: 1, faults: [] }));
    }, 33);
    return port;
}
`;

/** Serves the page as it is. */
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

const [folder = 'out/shots', url] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const server = url ? null : await serve();
const address = url ?? `http://127.0.0.1:${server.address().port}/`;
const profile = mkdtempSync(join(tmpdir(), 'gatebend-shots-'));
const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let problems = 0;
const sizes = { desktop: [1440, 900], phone: [390, 844], tablet: [820, 1180] };
for (const [name, [width, height]] of Object.entries(sizes)) {
    for (const colorScheme of ['dark', 'light']) {
        const page = await browser.newPage();
        page.on('pageerror', (error) => { problems += 1; console.error(error.stack); });
        page.on('console', (message) => {
            if (message.type() === 'error' && !message.text().includes('404')) { problems += 1; console.error(message.text()); }
        });
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        if (!url) {
            await page.route('**/port/socket.js', (route) =>
                route.fulfill({ contentType: 'text/javascript', body: FAKE }));
        }
        await page.goto(address);
        await page.waitForFunction(() => document.querySelector('#standing')?.textContent === 'desk');
        await page.waitForTimeout(900);
        for (const view of name === 'phone' ? ['play', 'gates', 'networks', 'sound'] : ['all']) {
            if (view !== 'all') await page.click(`#view-${view}`);
            await page.waitForTimeout(300);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            if (wide > width) { problems += 1; console.error(`${name} ${view}: ${wide} pixels wide`); }
            await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${view}.png`) });
        }
        await page.close();
    }
}
await browser.close();
server?.close();
rmSync(profile, { recursive: true, force: true });
process.exit(problems ? 1 : 0);
