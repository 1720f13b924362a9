// The page in a browser, with a fake instrument in place of the socket: actions of the
// player reach it, and its state is shown.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { header } from '../audio/recorder.js';
import { encodeLink } from '../ui/network-file.js';
import { PATIENCE, missing, open } from './browser.mjs';
import { canned } from './fake-port.js';

const why = await missing();
let chromium;
const problems = [];
const look = { size: [1440, 900], onproblem: (problem) => problems.push(problem) };
before(async () => { if (!why) chromium = await open(); });
after(() => chromium?.close());

/** @param {string} name @param {(page: import('playwright-core').Page, received: (type: string) => Promise<any[]>) => Promise<void>} does */
function inPage(name, does, options = {}) {
    test(name, { skip: why || false }, async () => {
        problems.length = 0;
        const page = await chromium.page({ ...look, ...options });
        const received = (type) => page.evaluate((wanted) =>
            window.instrument.received.filter((message) => message.type === wanted), type);
        await does(page, received);
        assert.deepEqual(problems, []);
        await page.close();
    });
}

/** Waits until the instrument has received a matching message. */
const receives = (page, type, fits = () => true) => page.waitForFunction(
    ([wanted, source]) => window.instrument.received.some((message) =>
        message.type === wanted && new Function('message', `return (${source})(message)`)(message)),
    [type, fits.toString()], PATIENCE);

inPage('the mouse plays the pad, Shift leaves a finger, losing the focus lifts all', async (page) => {
    const box = await page.locator('#surface').boundingBox();
    const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(0.25, 0.25));
    await page.mouse.down();
    await receives(page, 'touch', ({ fingers: [a] }) => Math.abs(a.x - 0.25) < 0.01 && Math.abs(a.y - 0.25) < 0.01 && a.size === 0.4);
    await page.mouse.move(...at(0.5, 0.5));
    await receives(page, 'touch', ({ fingers: [a] }) => a && Math.abs(a.x - 0.5) < 0.01);
    await page.mouse.up();
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'touch').at(-1).fingers.length === 0);
    await page.keyboard.down('Shift');
    await page.mouse.click(...at(0.2, 0.6));
    await page.keyboard.up('Shift');
    await page.mouse.move(...at(0.7, 0.1));
    await page.mouse.down();
    await receives(page, 'touch', ({ fingers }) => fingers.length === 2);
    await page.evaluate(() => dispatchEvent(new Event('blur')));
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'touch').at(-1).fingers.length === 0);
    await page.mouse.up();
});

inPage('keys play the pad and its buttons', async (page) => {
    await page.locator('#field').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.down(' ');
    await receives(page, 'touch', ({ fingers: [a] }) => a && Math.abs(a.x - 0.52) < 0.01);
    await page.keyboard.up(' ');
    await page.getByRole('button', { name: 'Pad: mode' }).focus();
    await page.keyboard.down('Enter');
    await receives(page, 'touch', ({ fingers: [a] }) => a && a.x === 0.5 && a.y === 0.925);
    await page.keyboard.up('Enter');
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'touch').at(-1).fingers.length === 0);
});

inPage('an expression plays while it is typed, and its errors are marked', async (page) => {
    await page.keyboard.press('e');
    const text = page.getByRole('textbox', { name: 'Expression of t' });
    await text.fill('t*?5');
    await page.waitForSelector('.echo mark');
    assert.equal(await page.locator('.echo mark').textContent(), '?');
    assert.equal(await text.getAttribute('aria-invalid'), 'true');
    assert.match(await page.locator('#expression-message').textContent(), /Expected an operand\./);
    await text.fill('t*5');
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 't*5');
    assert.equal(await page.locator('.echo mark').count(), 0);
    await page.selectOption('#classics', { index: 1 });
    await receives(page, 'compile', ({ expression, bits }) => expression === 't*(42&t>>10)' && bits === 14);
});

inPage('an expression takes a sample rate, and the bits of its period unless told otherwise', async (page) => {
    const text = page.getByRole('textbox', { name: 'Expression of t' });
    const rate = page.getByRole('spinbutton', { name: 'Rate (Hz)' });
    const message = page.locator('#expression-message');
    await rate.fill('44100');
    await text.fill('t/7');
    await receives(page, 'load', ({ network }) => JSON.parse(network).sample_rate === 44100);
    assert.ok((await page.evaluate(() => window.instrument.received.filter(({ type }) => type === 'compile'))).every(({ bits }) => bits === undefined));
    assert.equal(await page.locator('#expression-bits').getAttribute('placeholder'), 'auto (16)');
    assert.equal(await message.textContent(), '30 gates for 16 bits of t. Column 2: a fraction is dropped.');
    await page.locator('#expression-bits').fill('12');
    await receives(page, 'compile', ({ bits }) => bits === 12);
    await rate.fill('0');
    await page.waitForFunction(() => /The sample rate must be from 1/.test(document.querySelector('#expression-message').textContent));
});

inPage('an expression of sound takes controls and bits, and shows those of what plays', async (page) => {
    const text = page.locator('#expression-text');
    const fields = page.locator('#expression-more input');
    await page.getByText('Sound and controls', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Controls', exact: true }).fill(' cutoff:4=0.5, tune:3');
    await page.getByRole('spinbutton', { name: 'Bits of in' }).fill('12');
    await text.fill('[in,in2]');
    await receives(page, 'compile', ({ controls, audio_bits, sample_bits }) =>
        controls.join() === 'cutoff:4=0.5,tune:3' && audio_bits === 12 && sample_bits === undefined);
    await page.getByRole('spinbutton', { name: 'Bits of a sample' }).fill('17');
    await page.getByText('Bits of a sample must be from 1 to 16, or empty.').waitFor();
    // Another page plays such a network.
    await page.locator('#seek').focus();
    const source = '[in+wet*t,in2]';
    await page.evaluate((changes) => {
        const { instrument } = window;
        const file = JSON.parse(instrument.state.network.file);
        const network = instrument.network(JSON.stringify(file));
        instrument.change({ network: { ...network, file: JSON.stringify({ ...file, ...changes }) } });
    }, {
        source, outputs: [Array(12).fill(0), Array(12).fill(1)],
        inputs: [
            { from: 't', bits: 3 }, { from: 'audio', bits: 2 }, { from: 'audio', channel: 1, bits: 2 },
            { from: 'control', name: 'wet', default: 0.25, bits: 1 },
        ],
    });
    await page.waitForFunction((wanted) => document.querySelector('#expression-text').value === wanted, source);
    assert.deepEqual(await fields.evaluateAll((all) => all.map(({ value }) => value)), ['wet:1=0.25', '2', '12']);
    await page.getByText('gates for 3 bits of t, 2 of in, 2 of in2 and 1 of wet,').waitFor();
    // A classic has none of these.
    await page.selectOption('#classics', { index: 1 });
    assert.deepEqual(await fields.evaluateAll((all) => all.map(({ value }) => value)), ['', '', '']);
});

inPage('a waveform that takes long shows its progress, and a newer one replaces it', async (page) => {
    await page.waitForFunction(() => Number(document.querySelector('#seek').dataset.bent) > 0);
    await page.evaluate(() => {
        window.instrument.stuck.add('waveform');
        window.instrument.change({ layers: window.instrument.state.layers });
    });
    const summary = page.locator('#period-summary');
    await page.waitForFunction(() => document.querySelector('#period-summary').textContent === 'drawing');
    const id = await page.evaluate(() => {
        const { id: of } = window.instrument.received.filter(({ type }) => type === 'waveform').at(-1);
        window.instrument.send({ type: 'progress', of, part: 0.256 });
        return of;
    });
    assert.equal(await summary.textContent(), 'drawing, 25%');
    await page.evaluate(() => {
        window.instrument.stuck.clear();
        window.instrument.change({ layers: window.instrument.state.layers });
    });
    await page.waitForFunction(() => /^262.144 samples/.test(document.querySelector('#period-summary').textContent));
    // The first one is refused or answered too late, and changes nothing.
    await page.evaluate((of) => {
        window.instrument.send({ type: 'progress', of, part: 0.5 });
        window.instrument.send({ type: 'refused', id: of, reason: 'a newer request has replaced this one' });
    }, id);
    assert.match(await summary.textContent(), /^262.144 samples/);
});

inPage('a click on the waveform seeks', async (page) => {
    await page.waitForFunction(() => Number(document.querySelector('#seek').dataset.bent) > 0);
    const box = await page.locator('#seek').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 10);
    await receives(page, 'seek', ({ t }) => Math.abs(t - 131072) < 200);
    await page.keyboard.press('Home');
    await receives(page, 'seek', ({ t }) => t === 0);
});

inPage('layers, parameters, presets and pages are set', async (page) => {
    await page.getByRole('button', { name: 'Add layer' }).click();
    await page.locator('#layers li').nth(2).waitFor();
    await page.getByRole('slider', { name: 'Strength of shimmer' }).fill('25');
    await receives(page, 'strength', ({ layer, strength }) => layer === 1 && strength === 25);
    await page.getByRole('button', { name: 'bass' }).click();
    await page.getByRole('button', { name: 'Clear bass' }).click();
    await receives(page, 'clear', ({ layer }) => layer === 0);
    await page.getByRole('radiogroup', { name: 'Smoothing' }).getByRole('radio', { name: 'on' }).click();
    await receives(page, 'set', ({ key, value }) => key === 'interpolation' && value === 1);
    await page.locator('#set-rate').focus();
    await page.keyboard.press('ArrowRight');
    await receives(page, 'set', ({ key, value }) => key === 'rate' && value === 500);
    await page.getByLabel('Name of a new preset').fill('dusk');
    await page.getByRole('button', { name: 'Save preset' }).click();
    await page.getByRole('button', { name: 'Delete dusk' }).waitFor();
    await page.getByRole('button', { name: 'menu' }).click();
    await receives(page, 'show', ({ page: name }) => name === 'menu');
});

inPage('a refusal is shown', async (page) => {
    await page.keyboard.press('Control+z');
    await page.getByText('Nothing to undo.').waitFor();
});

inPage('a network is pasted, and opened from a link', async (page) => {
    await page.evaluate(async () => {
        const file = JSON.parse(window.instrument.state.network.file);
        const data = new DataTransfer();
        data.setData('text/plain', JSON.stringify({ ...file, name: 'pasted' }));
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.title.startsWith('pasted'));
    const fragment = await page.evaluate(async () => {
        const file = await import('./ui/network-file.js');
        return file.encodeLink(window.instrument.state.network.file);
    });
    await page.evaluate((hash) => { location.hash = hash; }, fragment);
    await page.getByRole('button', { name: 'Play it' }).click();
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'load').length === 2);
    assert.equal(await page.evaluate(() => location.hash), '');
    await page.evaluate(() => {
        const data = new DataTransfer();
        data.setData('text/plain', 'hello');
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.getByText('This is not a network').waitFor();
});

inPage('a break is shown and edits are kept; single keys can be switched off', async (page, received) => {
    await page.evaluate(() => window.instrument.drop());
    await page.getByText('Reconnecting; what you do is kept.').waitFor();
    await page.keyboard.press('x');
    await page.evaluate(() => window.instrument.back());
    await receives(page, 'clear');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Help' }).waitFor();
    await page.getByLabel('Single-key shortcuts').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('x');
    assert.equal((await received('clear')).length, 1);
    await page.evaluate(() => localStorage.clear());
});

inPage('without the module, the page says so and nothing is lost', async (page) => {
    await page.route('**/gatebend.wasm', (route) => route.fulfill({ status: 404, body: '' }));
    await page.locator('#alone').click();
    await page.getByText('web/build.sh makes it').waitFor();
    assert.equal(await page.locator('#connected').getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('x');
    await receives(page, 'clear');
});

inPage('on a phone several fingers play', async (page) => {
    const box = await page.locator('#surface').boundingBox();
    assert.ok(box.y + box.height < 844 - 60, `the pad ends at ${box.y + box.height}`);
    const client = await page.context().newCDPSession(page);
    const points = [[0.2, 0.3], [0.6, 0.5]].map(([x, y], id) =>
        ({ id, x: box.x + x * box.width, y: box.y + y * box.height }));
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points });
    await receives(page, 'touch', ({ fingers }) => fingers.length === 2 && Math.abs(fingers[1].x - 0.6) < 0.02);
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'touch').at(-1).fingers.length === 0);
}, { size: [390, 844] });

inPage('every control has a name', async (page) => {
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, [role=slider], [role=img], [role=application]')]
        .filter((element) => element.checkVisibility?.() && element.getAttribute('aria-hidden') !== 'true' && !element.getAttribute('aria-label') && !element.getAttribute('aria-labelledby')
            && !element.textContent?.trim() && !element.labels?.length)
        .map((element) => element.outerHTML.slice(0, 120)));
    assert.deepEqual(nameless, []);
});

inPage('a network file is dropped and saved', async (page) => {
    await page.evaluate(() => {
        const file = JSON.parse(window.instrument.state.network.file);
        const data = new DataTransfer();
        data.items.add(new File([JSON.stringify({ ...file, name: 'dropped' })], 'x.json'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.title.startsWith('dropped'));
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const download = await saved;
    assert.equal(download.suggestedFilename(), 'dropped.json');
});

inPage('a pairing code is entered', async (page) => {
    await page.evaluate(() => window.instrument.send({ type: 'pairing' }));
    const code = page.getByLabel('The code on the instrument\'s display');
    await code.fill('47');
    // What is typed survives a broken connection.
    await page.evaluate(() => window.instrument.drop('Others are waiting.'));
    await page.getByText('Others are waiting.').waitFor();
    assert.equal(await code.inputValue(), '47');
    await page.evaluate(() => { window.instrument.code = '4711'; window.instrument.back(); });
    await page.getByText('Others are waiting.').waitFor({ state: 'detached' });
    await code.press('End');
    await page.keyboard.type('11');
    await page.keyboard.press('Enter');
    await receives(page, 'hello', ({ code: typed }) => typed === '4711');
    await page.waitForFunction(() => !document.querySelector('#pairing-code'));
});

inPage('after a restart what played before is restored', async (page) => {
    await page.evaluate(() => {
        window.instrument.received.length = 0;
        window.instrument.change({ network: window.instrument.state.network });
    });
    await receives(page, 'snapshot');
    await page.evaluate(() => {
        const old = window.instrument;
        old.drop();
        window.instrument = new window.FakeInstrument(2);
        window.instrument.back(old.listener);
    });
    await receives(page, 'resume', ({ snapshot }) => snapshot.includes('street surfer'));
    await page.waitForFunction(() => document.title.startsWith('street surfer'));
});

inPage('a link plays only after the player agrees', async (page, received) => {
    await page.getByText('This link has the network \u201cfrom elsewhere\u201d.').waitFor();
    // Messages keep their order, so no other one was on its way.
    await page.keyboard.press('x');
    await receives(page, 'clear');
    assert.equal((await received('load')).length, 0);
    await page.getByRole('button', { name: 'No', exact: true }).click();
    await page.evaluate((hash) => { location.hash = hash; }, await encodeLink(canned(8, 'another')));
    await page.getByText('\u201canother\u201d').waitFor();
    assert.equal((await received('load')).length, 0);
    await page.getByRole('button', { name: 'Play it' }).click();
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 'another');
}, { fragment: await encodeLink(canned(8, 'from elsewhere')) });

inPage('on a phone on its side, a link leaves the pad in place', async (page) => {
    const pad = await page.locator('#surface').boundingBox();
    await page.evaluate((hash) => { location.hash = hash; }, await encodeLink(canned(8, 'another')));
    await page.getByRole('button', { name: 'Play it' }).waitFor();
    assert.deepEqual(await page.locator('#surface').boundingBox(), pad);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 844);
}, { size: [844, 390] });

inPage('a hidden page lifts its fingers at once', async (page) => {
    const box = await page.locator('#surface').boundingBox();
    await page.mouse.move(box.x + 50, box.y + 50);
    await page.mouse.down();
    await receives(page, 'touch', ({ fingers }) => fingers.length === 1);
    const last = await page.evaluate(async () => {
        // A hidden page has no animation frames.
        window.requestAnimationFrame = () => 0;
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
        await Promise.resolve();
        return window.instrument.received.filter(({ type }) => type === 'touch').at(-1);
    });
    assert.deepEqual(last.fingers, []);
});

/** Lets the instrument send sound, and records the audio nodes that the page creates. */
const sounding = (page) => page.evaluate(() => {
    window.contexts = [];
    window.nodes = [];
    window.AudioContext = class extends AudioContext {
        constructor(...options) { super(...options); window.contexts.push(this); }
    };
    window.AudioWorkletNode = class extends AudioWorkletNode {
        constructor(context, name, options) { super(context, name, options); window.nodes.push(name); }
    };
    window.instrument.sound = true;
    window.instrument.drop();
    window.instrument.back();
});

inPage('pressed twice, Listen and Record start once; the recording ends complete', async (page) => {
    await sounding(page);
    await page.evaluate(() => {
        for (const id of ['record', 'record', 'listen', 'listen']) document.getElementById(id).click();
    });
    await page.locator('#listen[aria-pressed=true]').waitFor();
    await page.locator('#record[aria-pressed=true]').waitFor();
    assert.deepEqual(await page.evaluate(() => [window.contexts.length, window.nodes]), [1, ['gatebend-streamed', 'gatebend-tap']]);
    const saved = page.waitForEvent('download', PATIENCE);
    await page.locator('#listen').click();
    assert.equal((await saved).suggestedFilename(), 'street-surfer.wav');
    await page.waitForFunction(() => window.contexts[0].state === 'closed');
});

inPage('suspended sound resumes after one press', async (page) => {
    await sounding(page);
    await page.locator('#listen').click();
    await page.locator('#listen[aria-pressed=true]').waitFor();
    await page.evaluate(() => window.contexts[0].suspend());
    await page.locator('#listen[aria-pressed=false]').waitFor();
    await page.locator('#listen').click();
    await page.locator('#listen[aria-pressed=true]').waitFor();
    assert.equal(await page.evaluate(() => window.contexts.length), 1);
});

inPage('the focus stays in place', async (page) => {
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await page.getByRole('button', { name: 'night train' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#library [aria-current]', { hasText: 'night train' }).waitFor();
    assert.equal(await focused(), 'night train');
    await page.getByRole('button', { name: 'Delete dawn' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('dawn', { exact: true }).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Delete the long one');
    await page.keyboard.press('Enter');
    await page.getByText('No presets yet.').waitFor();
    assert.equal(await focused(), 'Undo');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Delete the long one' }).waitFor();
    await page.getByLabel('Name of a new preset').fill('the long one');
    await page.getByRole('button', { name: 'Replace the long one' }).click();
    await receives(page, 'replace-preset', ({ name }) => name === 'the long one');
    await page.getByRole('button', { name: 'Pad: mode' }).focus();
    await page.evaluate(() => { window.instrument.drop(); window.instrument.back(); });
    await page.waitForFunction(() => document.querySelector('.light').dataset.state === 'open');
    assert.equal(await focused(), 'mode');
});

inPage('missing features of the browser are reported in a sentence', async (page) => {
    await page.evaluate(() => {
        window.CompressionStream = class { constructor() { throw new TypeError('deflate-raw'); } };
        delete window.DecompressionStream;
    });
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByText('This browser is too old to make links').waitFor();
    await page.evaluate(() => { location.hash = '#n=AAAA'; });
    await page.getByText('This browser is too old to open links').waitFor();
    // As with plain HTTP.
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await page.getByRole('button', { name: 'Paste' }).click();
    await page.getByRole('textbox', { name: 'Paste here' }).fill(canned(8, 'by hand'));
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 'by hand');
    assert.equal(await page.getByRole('textbox', { name: 'Paste here' }).count(), 0);
});

inPage('a link to this computer is reported as such', async (page) => {
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByText('The link opens on this computer only').waitFor();
});

inPage('a file can be dropped anywhere', async (page) => {
    await page.evaluate((text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], 'x.json'));
        document.getElementById('expression-text').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, canned(8, 'dropped'));
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 'dropped');
});

for (const size of [[360, 640], [390, 664], [844, 390], [667, 375], [568, 320], [720, 900], [1024, 768], [1100, 640], [1280, 720]]) {
    inPage(`at ${size.join(' by ')} the whole pad is visible, and so is the reason of a break`, async (page) => {
        if (size[0] < 720 || size[1] < 500) {
            const client = await page.context().newCDPSession(page);
            const [width, height] = size;
            await client.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
            await client.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 2, mobile: true });
        }
        const inside = async (selector) => {
            const box = await page.locator(selector).boundingBox();
            const views = await page.locator('#views').boundingBox();
            const bar = await page.locator('#bar').boundingBox();
            const right = views && views.y === 0 ? views.x : size[0];
            const bottom = views && views.y > 0 ? views.y : size[1] - (views ? 0 : bar.height);
            assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= right && box.y + box.height <= bottom,
                `${selector}: ${JSON.stringify(box)}, the space ends at ${right}, ${bottom}`);
        };
        await inside('#surface');
        assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]), size);
        await page.evaluate(() => window.instrument.drop());
        await page.locator('#connection-more').waitFor();
        await inside('#connection-more');
    }, { size });
}

inPage('the list and the expression show what plays', async (page) => {
    const marked = () => page.locator('#library [aria-current]').allTextContents();
    assert.deepEqual(await marked(), ['street surfer']);
    const text = page.getByRole('textbox', { name: 'Expression of t' });
    await text.fill('t*5');
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 't*5');
    await page.waitForFunction(() => document.title.startsWith('t*5'));
    assert.deepEqual(await marked(), []);
    assert.equal(await text.inputValue(), 't*5');
    await page.locator('#random').click();
    await page.waitForFunction(() => document.title.startsWith('random'));
    assert.deepEqual([await marked(), await text.inputValue(), await page.locator('#expression-message').textContent()], [[], '', '']);
    await page.getByRole('button', { name: 'storm', exact: true }).click();
    await page.waitForFunction(() => document.title.startsWith('storm'));
    assert.deepEqual(await marked(), ['storm']);
    // Another page changes the network while the player is at the text.
    await text.focus();
    await page.evaluate(() => {
        const { state } = window.instrument;
        window.instrument.change({ network: window.instrument.network(JSON.stringify({ ...JSON.parse(state.network.file), source: 't*9' })) });
    });
    assert.equal(await text.inputValue(), '');
    await page.locator('#seek').focus();
    assert.equal(await text.inputValue(), 't*9');
});

inPage('a compilation that takes long shows so, and ends when the player types on', async (page, received) => {
    await page.evaluate(() => window.instrument.stuck.add('compile'));
    const text = page.getByRole('textbox', { name: 'Expression of t' });
    await text.fill('t*11');
    await page.getByRole('progressbar', { name: 'Compiling' }).waitFor();
    await page.getByText('Type on to stop it.').waitFor();
    await page.evaluate(() => window.instrument.stuck.clear());
    await text.fill('t*12');
    assert.equal(await page.getByRole('progressbar', { name: 'Compiling' }).isVisible(), false);
    await page.getByText('30 gates for 16 bits of t.', { exact: true }).waitFor();
    // The answer to the first one comes too late.
    await page.evaluate((network) => {
        const { id } = window.instrument.received.find(({ expression }) => expression === 't*11');
        window.instrument.send({ type: 'compiled', id, network, gates: 5 });
    }, canned(8, 't*11'));
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 't*12');
    assert.equal((await received('load')).length, 1);
});

/** A WAV file of a second: 0.4 s of a tone at a level from 0 to 1, then silence. */
const wav = (level) => {
    const samples = Int16Array.from({ length: 8000 }, (_, t) => (t < 3200 ? 32_767 * level * Math.sin(t / 9) : 0));
    return Buffer.concat([Buffer.from(header(samples.length, 8000, 1)), Buffer.from(samples.buffer)]);
};

/** Sends a report of the training. */
const reports = (page, report) => page.evaluate((fields) => {
    const { instrument } = window;
    instrument.send({ type: 'learning', of: instrument.training, part: 0.5, error: 0.25, gates: 1234, wave: new Array(256).fill([90, 160]), ...fields });
}, report);

inPage('a sound is learned, and each network of the training plays', async (page, received) => {
    const message = page.locator('#learn-message');
    const start = page.locator('#learn-start');
    assert.equal(await start.isVisible(), false);
    await page.evaluate((bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], 'hello.wav', { type: 'audio/wav' }));
        dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [...wav(0.5)]);
    await start.waitFor();
    assert.equal(await message.textContent(), '0.4 s of sound. Press Learn.');
    assert.equal(await page.locator('#learn-length').evaluate((field) => field.selectedOptions[0].textContent), '0.5 s');
    await page.getByLabel('Size', { exact: true }).selectOption({ label: '700 gates' });
    await start.focus();
    await page.keyboard.press('Enter');
    await receives(page, 'train', ({ name, rate, bits, gates, sound }) =>
        name === 'hello' && rate === 8000 && bits === 12 && gates === 700 && Math.abs(atob(sound).length - 2 * 3440) < 40);
    await page.getByRole('progressbar', { name: 'Learning' }).waitFor();
    await reports(page, { network: canned(8, 'first try') });
    await receives(page, 'load', ({ network, begins }) => JSON.parse(network).name === 'first try' && begins === true);
    await page.getByText(/1.234 gates, error 25.0%/).waitFor();
    await reports(page, { part: 0.75, error: 0.1 });
    await reports(page, { part: 1, error: 0, network: canned(8, 'second try') });
    await receives(page, 'load', ({ network, begins }) => JSON.parse(network).name === 'second try' && begins === false);
    await page.evaluate(() => window.instrument.send({ type: 'done', id: window.instrument.training }));
    await page.getByText('It says the sound exactly. Bend it.').waitFor();
    assert.deepEqual([await start.textContent(), await page.locator('#learn-progress').isVisible()], ['Learn', false]);

    // Learning stops when the player wants, or when somebody bends the network.
    await start.click();
    await page.waitForFunction(() => document.getElementById('learn-start').textContent === 'Stop');
    await start.click();
    await page.getByText('Stopped.', { exact: true }).waitFor();
    await page.evaluate(() => { window.instrument.refuses.load = 'learning has stopped, since something else was edited'; });
    await start.click();
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'train').length === 3);
    await reports(page, { network: canned(8, 'third try') });
    await page.getByText('Learning has stopped, since something else was edited.').waitFor();
    assert.equal((await received('stop-training')).length, 2);
});

inPage('sounds that cannot be learned are refused in a sentence', async (page) => {
    const message = page.locator('#learn-message');
    const choose = async (buffer, expected) => {
        await page.locator('#learn-file').setInputFiles({ name: 'a.wav', mimeType: 'audio/wav', buffer });
        await page.waitForFunction((text) => document.getElementById('learn-message').textContent.startsWith(text), expected);
        assert.ok(await message.evaluate((element) => element.classList.contains('bad')));
    };
    await choose(Buffer.from('no sound'), 'The browser cannot read this file as a sound.');
    await choose(wav(0.001), 'This is too quiet');
    await choose(wav(0.5).subarray(0, 44 + 400), 'This is too short');
    assert.equal(await page.locator('#learn-start').isVisible(), false);
});

inPage('a word is recorded by the microphone, while the page is silent', async (page) => {
    await page.getByRole('button', { name: 'Record a word' }).click();
    // The fake microphone beeps once a second.
    await page.waitForFunction(() => Number(/Stop ([\d.]+) s/.exec(document.getElementById('learn-record').textContent)?.[1]) > 2, null, PATIENCE);
    await page.locator('#learn-record').click();
    await page.getByText(/^[\d.]+ s of sound. Press Learn.$/).waitFor(PATIENCE);
    assert.equal(await page.locator('#learn-record').textContent(), 'Record a word');
});

inPage('the page says who else trains, and that boards are slow', async (page) => {
    await page.locator('#learn-file').setInputFiles({ name: 'a.wav', mimeType: 'audio/wav', buffer: wav(0.5) });
    await page.locator('#learn-start').waitFor();
    await page.evaluate(() => { window.instrument.trainer = '192.168.7.1'; });
    await page.getByText('The page at 192.168.7.1 trains a network.').waitFor();
    await page.evaluate(() => {
        const { instrument } = window;
        Object.assign(instrument, { trainer: undefined, board: 'bela-black' });
        instrument.drop();
        instrument.back();
    });
    await page.getByText('This board learns slowly.').waitFor();
});

for (const size of [[360, 640], [844, 390], [390, 844], [720, 900], [820, 1180], [1280, 720]]) {
    inPage(`at ${size.join(' by ')} nothing of the panel for learning is cut off`, async (page) => {
        if (size[0] < 720 || size[1] < 500) await page.locator('#view-networks').click();
        await page.locator('#learn-file').setInputFiles({ name: 'a.wav', mimeType: 'audio/wav', buffer: wav(0.5) });
        await page.locator('#learn-start').click();
        await reports(page, { error: 0.987, part: 0.01 });
        const cut = await page.evaluate(() => {
            const panel = document.getElementById('training').getBoundingClientRect();
            return [...document.querySelectorAll('#training :is(button, select, label, canvas, p, progress)')]
                .filter((element) => element.checkVisibility())
                .filter((element) => {
                    const { left, right } = element.getBoundingClientRect();
                    return left < panel.left || right > panel.right || element.scrollWidth > Math.ceil(element.clientWidth) + 1 && element.clientWidth > 0;
                })
                .map((element) => element.id || element.textContent);
        });
        assert.deepEqual(cut, []);
        assert.deepEqual(await page.evaluate(() => document.documentElement.scrollWidth), size[0]);
    }, { size });
}

inPage('Space pauses after a click on a button, and presses a button reached with Tab', async (page, received) => {
    await page.locator('#random').click();
    await receives(page, 'random');
    await page.keyboard.press(' ');
    await receives(page, 'play', ({ playing }) => !playing);
    await page.keyboard.press('Tab');
    await page.keyboard.press(' ');
    await receives(page, 'mutate');
    assert.deepEqual([(await received('random')).length, (await received('play')).length], [1, 1]);
});

inPage('an invalid seed is told', async (page, received) => {
    const seed = page.getByLabel('Seed');
    for (const wrong of ['-3', '1.5', '4294967296', 'e']) {
        await seed.fill('');
        await seed.pressSequentially(wrong);
        await page.locator('#random').click();
        await page.getByText('A seed is a whole number from 0 to').waitFor();
        await page.getByRole('button', { name: 'Dismiss' }).click();
    }
    assert.equal((await received('random')).length, 0);
    await seed.fill('7');
    await page.locator('#random').click();
    await receives(page, 'random', ({ seed: sent }) => sent === 7);
    await seed.fill('');
    await page.locator('#random').click();
    await receives(page, 'random', ({ seed: sent }) => Number.isInteger(sent) && sent !== 7);
});

inPage('of several dropped files the first one plays, and the player is told', async (page, received) => {
    await page.evaluate(([one, two]) => {
        const data = new DataTransfer();
        data.items.add(new File([one], 'one.json'));
        data.items.add(new File([two], 'two.json'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [canned(8, 'one'), canned(8, 'two')]);
    await page.getByText('“one.json” is opened, two.json not: drop one file at a time.').waitFor();
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 'one');
    assert.equal((await received('load')).length, 1);
});

inPage('the gates of the pad are one shape to draw', async (page) => {
    const { shapes, places, lit } = await page.evaluate(async () => {
        let count = 0;
        const { prototype } = CanvasRenderingContext2D;
        const { fillRect } = prototype;
        const pad = document.querySelector('#surface canvas');
        prototype.fillRect = function counted(...args) { if (this.canvas === pad) count += 1; return fillRect.apply(this, args); };
        window.instrument.change({ touched: { nodes: [40], steered: null, bend: 'one' } });
        await new Promise((go) => { requestAnimationFrame(() => requestAnimationFrame(go)); });
        const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
        return { shapes: count, places: window.instrument.state.network.places.length, lit: data.filter((byte, at) => at % 4 === 3 && byte > 0).length };
    });
    assert.ok(places > 100 && lit > 4 * places && shapes === 0, JSON.stringify({ shapes, places, lit }));
});

inPage('a finger that scrolls does not seek, one that taps does', async (page, received) => {
    await page.waitForFunction(() => Number(document.querySelector('#seek').dataset.bent) > 0);
    const client = await page.context().newCDPSession(page);
    await client.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
    const box = await page.locator('#seek').boundingBox();
    const x = box.x + box.width / 2;
    const touch = (type, y) => client.send('Input.dispatchTouchEvent', { type, touchPoints: y === null ? [] : [{ x, y }] });
    await touch('touchStart', box.y + 30);
    for (let y = 20; y > -200; y -= 20) await touch('touchMove', box.y + y);
    await touch('touchEnd', null);
    assert.deepEqual(await received('seek'), []);
    await page.evaluate(() => scrollTo(0, 0));
    await touch('touchStart', box.y + 30);
    await touch('touchEnd', null);
    await receives(page, 'seek', ({ t }) => Math.abs(t - 131072) < 1000);
    assert.equal((await received('seek')).length, 1);
}, { size: [820, 700] });

inPage('the help explains terms and the keys of the graph', async (page) => {
    await page.keyboard.press('?');
    for (const text of ['A bend forces', 'A layer is', 'Paint over the gates', 'smaller and larger brush']) {
        await page.getByText(text).waitFor();
    }
});

inPage('an expression typed while disconnected plays after reconnecting', async (page, received) => {
    await page.evaluate(() => window.instrument.drop());
    const text = page.getByRole('textbox', { name: 'Expression of t' });
    await text.fill('t*7');
    await page.getByText('It plays when the instrument is back.').waitFor();
    // The field has lost the focus, and the network has another source.
    await page.locator('#seek').focus();
    await page.evaluate(() => {
        window.instrument.state.network.file = JSON.stringify({ ...JSON.parse(window.instrument.state.network.file), source: 't*3' });
        window.instrument.back();
    });
    await receives(page, 'load', ({ network }) => JSON.parse(network).name === 't*7');
    assert.equal(await text.inputValue(), 't*7');
    assert.equal((await received('compile')).length, 1);
});

inPage('after a long absence the player decides what to play', async (page, received) => {
    const restart = () => page.evaluate(() => {
        const old = window.instrument;
        old.drop();
        const now = performance.now.bind(performance);
        performance.now = () => now() + 100_000;
        window.instrument = new window.FakeInstrument(old.start + 1);
        window.instrument.back(old.listener);
    });
    await page.keyboard.press('n');
    await receives(page, 'random');
    await receives(page, 'snapshot');
    await restart();
    await page.getByRole('button', { name: 'Keep what plays now' }).click();
    await page.waitForFunction(() => !document.querySelector('#restore-previous'));
    assert.equal((await received('restore')).length, 0);
    await page.keyboard.press('n');
    await receives(page, 'random');
    await receives(page, 'snapshot');
    const title = await page.title();
    assert.match(title, /^random/);
    await restart();
    await page.getByRole('button', { name: 'Restore what I played' }).click();
    await receives(page, 'restore', ({ snapshot }) => snapshot.includes('random'));
});

inPage('an instrument in the page that stopped is started again', async (page) => {
    await page.locator('#alone').click();
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
    await page.keyboard.press('n');
    await page.waitForFunction(() => document.title.startsWith('random'));
    await page.waitForFunction(() => window.alone.received.some(({ type }) => type === 'snapshot'));
    const title = await page.title();
    await page.evaluate(() => window.alone.drop('The instrument has stopped.'));
    await page.getByText('The instrument has stopped. What you played').waitFor();
    await page.getByRole('button', { name: 'Play on' }).click();
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
    assert.equal(await page.title(), title);
    await page.evaluate(() => { window.instrument.clients = 2; });
    await page.locator('#connected').click();
    await page.getByRole('button', { name: 'Play theirs' }).click();
    await page.waitForFunction(() => document.title.startsWith('street surfer'));
    assert.deepEqual(await page.evaluate(() => window.instrument.received.filter(({ type }) => type === 'restore').length), 0);
}, { alone: true });

inPage('a switch asks for a pairing code, or is cancelled', async (page) => {
    await page.locator('#alone').click();
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
    await page.evaluate(() => { window.instrument.code = '0815'; });
    await page.locator('#connected').click();
    await page.getByRole('button', { name: 'Stay here' }).click();
    await page.getByText('Everything stays as it was.').waitFor();
    await page.locator('#connected').click();
    await page.getByLabel('The code on the instrument\'s display').fill('0815');
    await page.keyboard.press('Enter');
    await page.getByText('desk', { exact: true }).waitFor();
}, { alone: true });

inPage('the pad\'s buttons say what they do on the display\'s page', async (page) => {
    const labels = () => page.locator('.regions button').allTextContents();
    assert.deepEqual(await labels(), ['‹', '›', 'mode', 'clear', 'time']);
    await page.locator('#page-menu').click();
    await page.getByRole('button', { name: 'Pad: less' }).waitFor();
    assert.deepEqual(await labels(), ['up', 'down', 'less', 'more', 'back']);
    await page.locator('#page-play').click();
    await page.getByRole('button', { name: 'Pad: mode' }).waitFor();
});

inPage('a click without a pointer taps a button of the pad', async (page) => {
    await page.evaluate(() => document.getElementById('pad-next').click());
    await receives(page, 'touch', ({ fingers: [a] }) => a && a.y > 0.85);
    await page.waitForFunction(() => window.instrument.received.filter(({ type }) => type === 'touch').at(-1).fingers.length === 0);
});

inPage('sliders and the play position are visible in forced colours', async (page) => {
    await page.emulateMedia({ forcedColors: 'active' });
    const picture = (selector) => page.locator(selector).screenshot();
    const shown = await picture('#volume');
    await page.locator('#volume').evaluate((slider) => { slider.value = slider.min; });
    assert.notDeepEqual(await picture('#volume'), shown);
    const colour = await page.locator('.head').evaluate((head) => getComputedStyle(head).backgroundColor);
    assert.notEqual(colour, await page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor));
});

inPage('the play position has a value without the focus', async (page) => {
    const slider = page.locator('#seek');
    assert.match(await slider.getAttribute('aria-valuenow'), /^\d+$/);
    await page.waitForFunction(() => Number(document.querySelector('#seek').getAttribute('aria-valuenow')) > 8000);
    assert.equal(await slider.getAttribute('aria-valuemax'), '262143');
    assert.match(await slider.getAttribute('aria-valuetext'), /^\d+ of 33 seconds$/);
});

inPage('End goes to the end of the loop, which is still heard', async (page) => {
    await page.waitForFunction(() => document.querySelector('#seek').dataset.bent !== undefined);
    await page.locator('#seek').focus();
    await page.keyboard.press('End');
    await receives(page, 'seek', ({ t }) => t % 262144 > 259000 && t % 262144 < 260000);
});

inPage('names contain the texts of their controls', async (page) => {
    const wrong = await page.evaluate(() => [...document.querySelectorAll('button, input, [role=slider]')]
        .filter((element) => element.checkVisibility() && element.getAttribute('aria-label'))
        .map((element) => [element.getAttribute('aria-label'), (element.labels?.[0] ?? element).textContent.trim()])
        .filter(([name, text]) => /[a-z]/i.test(text) && !name.toLowerCase().includes(text.toLowerCase()))
        .map(String));
    assert.deepEqual(wrong, []);
});

inPage('with reduced motion the page redraws seldom', async (page) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    // The timers of reduced motion are held, so that none of 30 frames is drawn; then one each
    // of them fires. Those that were set before have fired once 30 earlier frames are over.
    const [held, released] = await page.evaluate(() => new Promise((resolve) => {
        const timers = [];
        const { setTimeout: set } = window;
        window.setTimeout = (call, delay, ...rest) => (delay === 500 ? timers.push(call) : set(call, delay, ...rest));
        let [frames, draws] = [0, 0];
        for (const name of ['clearRect', 'putImageData']) {
            const draw = CanvasRenderingContext2D.prototype[name];
            CanvasRenderingContext2D.prototype[name] = function counted(...values) {
                if (this.canvas.closest('#pad, .glass, .graph-stage')) draws += 1;
                return draw.apply(this, values);
            };
        }
        const [listener] = window.instrument.listeners;
        const { onmessage } = listener;
        listener.onmessage = (data) => {
            onmessage(data);
            if (!(data instanceof ArrayBuffer) || new Uint8Array(data)[0] !== 1) return;
            frames += 1;
            if (frames === 30) draws = 0;
            if (frames !== 60) return;
            const undisturbed = draws;
            for (const call of timers.splice(0)) call();
            // What is drawn with the next frame of the screen is drawn then.
            requestAnimationFrame(() => requestAnimationFrame(() => resolve([undisturbed, draws])));
        };
    }));
    assert.equal(held, 0);
    assert.ok(released > 0);
});

inPage('a page whose files fail says so and loads again', async (page) => {
    let fails = true;
    await page.route('**/graph/ops.js', (route) => (fails ? route.abort() : route.continue()));
    await page.reload();
    await page.getByText('Some files of this page did not arrive').waitFor();
    problems.length = 0;
    fails = false;
    await page.waitForFunction(() => document.querySelector('.light')?.dataset.state === 'open');
    assert.equal(await page.getByText('Some files of this page did not arrive').isVisible(), false);
});

test('the server allows the page\'s own script', () => {
    const page = readFileSync(new URL('../index.html', import.meta.url), 'utf8');
    const server = readFileSync(new URL('../../src/link/server/connection.rs', import.meta.url), 'utf8');
    const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)];
    assert.equal(scripts.length, 1);
    const hash = `sha256-${createHash('sha256').update(scripts[0][1]).digest('base64')}`;
    assert.ok(server.includes(hash), `src/link/server/connection.rs should have ${hash}`);
});

for (const size of [[1440, 900], [1200, 800], [1100, 640], [720, 900], [820, 1180], [390, 844], [844, 390]]) {
    inPage(`at ${size.join(' by ')} nothing moves the pad, and messages cover no control`, async (page) => {
        /** Visible controls, by name, that are not covered at their centres. */
        const reachable = () => page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, #field, #seek, .graph-stage')]
            .filter((element) => element.checkVisibility() && !element.closest('#notices'))
            .filter((element) => {
                const { left, top, width, height } = element.getBoundingClientRect();
                const found = document.elementFromPoint(left + width / 2, top + height / 2);
                return found !== null && element.contains(found);
            })
            .map((element) => element.id || element.outerHTML.replace(' aria-current="true"', '').slice(0, 80)));
        const pad = await page.locator('#surface').boundingBox();
        const controls = await reachable();
        await page.evaluate(() => {
            const { instrument } = window;
            const file = JSON.parse(instrument.state.network.file);
            instrument.change({
                network: instrument.network(JSON.stringify({ ...file, name: 'a name that is longer than any place for it '.repeat(9) })),
                notice: 'The network is too slow for this instrument: it takes 12 of at most 4 microseconds. The last one plays on.',
                transport: { ...instrument.state.transport, seeks: 1 },
            });
            // As after reverse past 0.
            const [listener] = instrument.listeners;
            listener.onmessage(JSON.stringify({ type: 'status', t: 4_294_966_823, load: 1, late: 0, engine: 'cpu', clients: 1, faults: [] }));
        });
        await page.locator('.notice').waitFor();
        await page.locator('#volume').evaluate((slider) => { slider.value = '-60'; slider.dispatchEvent(new Event('input')); });
        await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
        assert.deepEqual(await page.locator('#surface').boundingBox(), pad);
        assert.deepEqual(await reachable(), controls);
        assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]), size);
    }, { size });
}

inPage('the graph fits again when the inspector opens and when layers are added', async (page) => {
    await page.evaluate(() => window.instrument.change({ layers: { chosen: 0, layers: [{ name: 'bends', strength: 100, bends: [] }] } }));
    /** Distances of the drawing from the edges of the graph. */
    const fits = () => page.waitForFunction(() => {
        const canvas = document.querySelectorAll('.graph-stage canvas')[1];
        const { width, height } = canvas;
        const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
        // The names of the outputs are at the right of the overlay.
        let right = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) right = Math.max(right, (i >> 2) % width);
        return width === document.querySelector('.graph-stage').clientWidth && right > width - 60 && right < width - 2;
    });
    await fits();
    await page.locator('.graph-stage').focus();
    await page.keyboard.press('v');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Selected gate' }).waitFor();
    await fits();
    for (let i = 0; i < 3; i++) await page.locator('#add-layer').click();
    await page.locator('#layers li').nth(3).waitFor();
    await fits();
});

inPage('a long description is folded', async (page) => {
    await page.evaluate(() => {
        const file = JSON.parse(window.instrument.state.network.file);
        window.instrument.change({ network: window.instrument.network(JSON.stringify({ ...file, description: 'x'.repeat(20_000) })) });
    });
    const height = async () => (await page.locator('#about').boundingBox()).height;
    await page.getByRole('button', { name: 'More' }).waitFor();
    assert.ok(await height() < 80, `${await height()}`);
    await page.getByRole('button', { name: 'More' }).click();
    assert.ok(await height() > 200 && await height() < 450, `${await height()}`);
    await page.getByRole('button', { name: 'Less' }).click();
    assert.ok(await height() < 80);
});

inPage('the first view leads from Play to the pad and the gates', async (page, received) => {
    await sounding(page);
    const lead = page.locator('#lead');
    await page.getByText('Press Play, then press the pad or paint the gates.').waitFor();
    await page.locator('#play.lead').click();
    await page.locator('#listen[aria-pressed=true]').waitFor();
    assert.equal((await received('play')).length, 0, 'it plays already');
    await page.getByText('Press the pad or paint the gates.').waitFor();
    // Painting is the first tool of the graph, with the bend of the pad.
    await page.getByRole('radio', { name: 'flip' }).click();
    await receives(page, 'set', ({ key, value }) => key === 'bend' && value === 2);
    await page.locator('#touch [aria-checked=true]', { hasText: 'flip' }).waitFor();
    const box = await page.locator('.graph-stage').boundingBox();
    await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.3 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.6 * box.height, { steps: 6 });
    await page.mouse.up();
    await receives(page, 'paint', ({ bends }) => bends.length > 0 && bends.every(([, bend]) => bend === 'invert'));
    assert.equal(await lead.textContent(), '');
    assert.equal(await page.getByText('Paint here').count(), 0);
    assert.equal(await page.getByText('Press here').count(), 1);
    await page.locator('#play').click();
    await receives(page, 'play', ({ playing }) => !playing);
});

inPage('an instrument with outputs of its own is heard without the page', async (page, received) => {
    await page.evaluate(() => { window.instrument.outputs = true; });
    await sounding(page);
    await page.getByText('Press the pad or paint the gates.').waitFor();
    await page.locator('#play').click();
    await receives(page, 'play', ({ playing }) => !playing);
    assert.deepEqual(await page.evaluate(() => window.contexts.length), 0);
    assert.equal((await received('play')).length, 1);
});

inPage('every parameter has one control', async (page) => {
    const names = await page.locator('.control > :first-child, .fader label').allTextContents();
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
    for (const name of ['Force gates to', 'Hold', 'Speed', 'Volume', 'Next network', 'Smoothing']) assert.ok(names.includes(name), name);
});

test('a copy of the page without an instrument plays in the page', { skip: why || false }, async () => {
    problems.length = 0;
    const page = await chromium.page({ ...look, copy: true });
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
    assert.equal(await page.getByText('does not answer').count(), 0);
    assert.equal(await page.locator('#modes').isVisible(), false);
    assert.match(await page.title(), /canned/);
    const quiet = await page.evaluate(() => window.alone.start);
    await page.locator('#play.lead').click();
    await page.locator('#listen[aria-pressed=true]').waitFor();
    // Another instrument, which is heard, plays on.
    assert.notEqual(await page.evaluate(() => window.alone.start), quiet);
    assert.ok(await page.evaluate(() => window.alone.received.some(({ type }) => type === 'restore')));
    // Also without a network.
    await page.route('**/ws', (route) => route.abort());
    await page.reload();
    await page.locator('#connection-state', { hasText: 'In this page' }).waitFor();
    await page.evaluate(() => localStorage.clear());
    assert.deepEqual(problems.filter((problem) => !problem.includes('ERR_FAILED')), []);
    await page.close();
});

/** Returns the MIDI messages that the instrument has received. */
const midi = async (received) => (await received('midi')).flatMap(({ bytes }) => bytes.split(/ (?=[89b])/));

inPage('the mouse plays the keys on the screen and slides over them', async (page, received) => {
    const at = async (note, part) => {
        const { x, y, width, height } = await page.locator(`[data-note="${note}"]`).boundingBox();
        return [x + width / 2, y + part * height];
    };
    await page.mouse.move(...await at(60, 0.99));
    await page.mouse.down();
    await receives(page, 'midi');
    await page.mouse.move(...await at(61, 0.1));
    await page.locator('[data-note="61"].on').waitFor(PATIENCE);
    await page.mouse.up();
    await receives(page, 'midi', ({ bytes }) => bytes.includes('80 3d'));
    const [first, ...others] = await midi(received);
    assert.match(first, /^90 3c 7[ef]$/);
    assert.match(others.join(', '), /^90 3d 3[0-2], 80 3c 00, 80 3d 00$/);
    await page.evaluate(() => document.querySelector('[data-note="65"]').click());
    await receives(page, 'midi', ({ bytes }) => bytes.includes('80 41 00'));
});

inPage('the keys of the computer play while the keyboard has the focus', async (page, received) => {
    await page.keyboard.press('k');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'keys');
    await page.keyboard.down('a');
    await page.keyboard.down('e');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.up('a');
    await page.keyboard.down(' ');
    await page.keyboard.up(' ');
    // These would change the network elsewhere.
    for (const key of ['n', 'x', 'm', 'a']) await page.keyboard.press(key);
    await page.evaluate(() => dispatchEvent(new Event('blur')));
    await receives(page, 'midi', ({ bytes }) => bytes.includes('80 3f 00'));
    assert.deepEqual(await midi(received), [
        '90 3c 64', '90 3f 64', '80 3c 00', 'b0 40 7f', 'b0 40 00', '90 48 64', '80 48 00', '80 3f 00',
    ]);
    for (const type of ['random', 'clear', 'mutate', 'play']) assert.deepEqual(await received(type), []);
    await page.keyboard.press('e');
    await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate(() => document.activeElement.id), 'keys');
    await page.keyboard.press('n');
    await receives(page, 'random');
    // A text field keeps its letters.
    await page.locator('#expression-text').fill('');
    await page.keyboard.type('asdk');
    assert.equal(await page.locator('#expression-text').inputValue(), 'asdk');
    assert.equal((await midi(received)).filter((message) => message.startsWith('90')).length, 3);
});

inPage('keys that others play are lit, and an instrument without keys shows none', async (page) => {
    await page.evaluate(() => window.instrument.change({ midi: { keys: [64], learning: null, controllers: [] } }));
    await page.locator('[data-note="64"].on').waitFor(PATIENCE);
    assert.equal(await page.locator('#keys .on').count(), 1);
    await page.evaluate(() => {
        delete window.instrument.state.midi;
        window.instrument.drop();
        window.instrument.back();
    });
    await page.waitForFunction(() => document.getElementById('keyboard').clientHeight > 0);
});

inPage('controls of the network have sliders, and controllers are learned', async (page, received) => {
    assert.ok(await page.locator('#controls').isHidden());
    const controls = [{ name: 'cutoff', position: 0.5, steps: 4 }, { name: 'speed', position: 0, steps: 128 }];
    await page.evaluate((all) => window.instrument.change({ controls: all }), controls);
    const slider = page.getByRole('slider', { name: 'cutoff' });
    assert.equal(await slider.inputValue(), '2');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await receives(page, 'control', ({ name, value }) => name === 'cutoff' && value === 0.875);
    await page.locator('#control-cutoff ~ output').getByText('3 / 3').waitFor(PATIENCE);
    await page.getByText('MIDI controllers').click();
    await page.locator('#learn-what').selectOption('control:speed');
    await page.locator('#learn').click();
    await page.getByText('Move a controller for speed.').waitFor(PATIENCE);
    assert.deepEqual((await received('learn-midi')).map(({ name }) => name), ['control:speed']);
    await page.evaluate(() => window.instrument.change({ midi: { keys: [], learning: null, controllers: [[7, 'control:speed']] } }));
    await page.getByRole('button', { name: 'Forget controller 7' }).click();
    await receives(page, 'forget-midi', ({ name }) => name === 'control:speed');
});

inPage('the instrument in the page hears the microphone as it is', async (page) => {
    const button = page.getByRole('button', { name: 'Microphone' });
    assert.equal(await button.getAttribute('aria-disabled'), 'true');
    await page.getByText('This instrument hears its own inputs.').waitFor();
    await page.locator('#input').getByRole('slider', { name: 'Dry' }).fill('50');
    await receives(page, 'set', ({ key, value }) => key === 'dry' && value === 50);
    assert.equal(await page.locator('#settings').getByText(/^(Input gain|Dry)$/).count(), 0);
    await page.getByRole('radio', { name: 'In this page' }).or(page.getByRole('button', { name: 'In this page' })).first().click();
    await page.locator('#microphone[aria-disabled=false]').waitFor(PATIENCE);
    await page.evaluate(() => {
        window.asked = [];
        const { mediaDevices } = navigator;
        const ask = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (wanted) => {
            window.asked.push(wanted);
            window.stream = await ask(wanted);
            return window.stream;
        };
    });
    await button.click();
    await page.locator('#microphone[aria-pressed=true]').waitFor(PATIENCE);
    const asked = await page.evaluate(() => window.asked.map(({ audio }) => audio));
    assert.equal(asked.length, 1);
    for (const name of ['echoCancellation', 'noiseSuppression', 'autoGainControl']) assert.equal(asked[0][name], false);
    // The microphone of the test beeps once a second.
    await page.waitForFunction(() => document.getElementById('input-level').value > 0.05, null, PATIENCE);
    await page.getByText('This network does not listen.').waitFor();
    await button.click();
    await page.locator('#microphone[aria-pressed=false]').waitFor(PATIENCE);
    assert.deepEqual(await page.evaluate(() => window.stream.getTracks().map(({ readyState }) => readyState)), ['ended']);
    await page.evaluate(() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }; });
    await button.click();
    await page.getByText('The browser does not let this page use the microphone.').waitFor(PATIENCE);
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
}, { alone: true });
