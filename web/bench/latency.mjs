// Measures the time from a touch to the first changed frame in the page's audio graph, with
// the instrument of a program and with the one in the page.
// Usage: node web/bench/latency.mjs [URL]     with the URL of a running `gatebend play --silent`

import { open } from '../test/browser.mjs';

const TOUCHES = 40;
const url = process.argv[2] ?? 'http://localhost:8080/';
const { browser, close } = await open(url);
const page = await browser.newPage();
await page.addInitScript(() => {
    window.AnalyserNode = class extends AnalyserNode {
        constructor(...options) {
            super(...options);
            window.bus = this;
        }
    };
});
await page.goto(url);
await page.waitForFunction(() => document.querySelector('.light')?.dataset.state === 'open');

/** Sets a slider of the page. */
const set = (id, value) => page.locator(id).evaluate((slider, to) => {
    slider.value = to;
    slider.dispatchEvent(new Event('input'));
}, value);

/** Touches all gates while time stands still, so that nothing else changes the sound. */
async function measure() {
    await page.waitForFunction(() => window.bus?.context.state === 'running');
    await page.waitForTimeout(3000);
    return page.evaluate(async (touches) => {
        const samples = new Float32Array(window.bus.fftSize);
        const last = () => {
            window.bus.getFloatTimeDomainData(samples);
            return samples[samples.length - 1];
        };
        const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });
        const turn = () => new Promise((done) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = done;
            port2.postMessage(0);
        });
        const press = (type) => document.getElementById('field').dispatchEvent(new KeyboardEvent(type, { key: ' ', bubbles: true, cancelable: true }));
        const times = [];
        for (let i = 0; i < touches; i++) {
            const before = last();
            const start = performance.now();
            press('keydown');
            while (Math.abs(last() - before) < 1e-3 && performance.now() < start + 1000) await turn();
            times.push(performance.now() - start);
            press('keyup');
            await pause(400 + 50 * Math.random());
        }
        return times.sort((a, b) => a - b);
    }, TOUCHES);
}

function report(name, times) {
    const at = (part) => times[Math.round(part * (times.length - 1))].toFixed(0).padStart(4);
    console.log(`${name.padEnd(14)} median ${at(0.5)} ms, 90% ${at(0.9)} ms, longest ${at(1)} ms`);
}

await set('#speed', 0);
await set('#set-radius', 50);
await set('#finger-size', 100);
await page.getByRole('radio', { name: 'flip' }).click();
await page.locator('#listen').click();
report('this computer', await measure());
await page.locator('#alone').click();
await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
report('in this page', await measure());
await close();
