// Takes screenshots of the page. Usage: node web/test/shots.mjs FOLDER [URL]
//    or, for the picture of the README: node web/test/shots.mjs --readme FILE.png [URL]
// Without the URL of an instrument, shows a fake one. CHROMIUM names the browser.

import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { open } from './browser.mjs';

const SIZES = { desktop: [1440, 900], low: [1280, 720], phone: [390, 844], 'low-phone': [360, 640], narrow: [720, 900], tablet: [820, 1180], 'wide-tablet': [1024, 768],
    'phone-on-its-side': [844, 390], 'low-phone-on-its-side': [667, 375] };
const VIEWS = ['play', 'keys', 'gates', 'networks', 'sound'];

// The README's picture has few colours, reduced by ImageMagick (convert) if available.
const COLOURS = '64';
const MOST_BYTES = 150_000;

const readme = process.argv[2] === '--readme';
const [folder = 'out/shots', url] = process.argv.slice(readme ? 3 : 2);
const { page: openPage, close } = await open(url);
let problems = 0;
const onproblem = (problem) => {
    problems += 1;
    console.error(problem);
};
if (readme) {
    const page = await openPage({ size: SIZES.desktop, onproblem });
    if (url) await play(page);
    await page.waitForTimeout(3000);
    await page.screenshot({ path: folder });
    const { status } = spawnSync('convert', [folder, '+dither', '-colors', COLOURS, `PNG8:${folder}`]);
    if (status !== 0) console.error('The picture keeps all its colours: install ImageMagick (imagemagick).');
    const { size } = statSync(folder);
    if (size > MOST_BYTES) onproblem(`${folder} has ${size} bytes, more than ${MOST_BYTES}`);
    await close();
    process.exit(problems ? 1 : 0);
}
/** Listens, paints gates, and keeps a finger on the pad. */
async function play(page) {
    const middle = async (selector, x, y) => {
        const box = await page.locator(selector).boundingBox();
        return [box.x + x * box.width, box.y + y * box.height];
    };
    await page.getByRole('button', { name: 'street surfer' }).click();
    await page.locator('#listen').click();
    await page.getByRole('button', { name: 'Box' }).click();
    await page.getByRole('radio', { name: 'flip' }).click();
    await page.mouse.move(...await middle('.graph-stage', 0.42, 0.3));
    await page.mouse.down();
    await page.mouse.move(...await middle('.graph-stage', 0.5, 0.45), { steps: 4 });
    await page.mouse.up();
    await page.getByText(/bent$/).waitFor();
    await page.mouse.move(...await middle('#field', 0.5, 0.4));
    await page.mouse.down();
}

mkdirSync(folder, { recursive: true });
for (const [name, size] of Object.entries(SIZES)) {
    for (const colorScheme of ['dark', 'light']) {
        const page = await openPage({ size, colorScheme, onproblem });
        await page.waitForTimeout(900);
        for (const view of size[0] < 720 || size[1] < 500 ? VIEWS : ['all']) {
            if (view !== 'all') await page.click(`#view-${view}`);
            await page.waitForTimeout(300);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            if (wide > size[0]) onproblem(`${name} ${view}: ${wide} pixels wide`);
            await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${view}.png`) });
        }
        await page.close();
    }
}
await close();
process.exit(problems ? 1 : 0);
