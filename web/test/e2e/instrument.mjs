// The real program, playing on its simulated desk in real time, and browsers at its page.
// A test waits for what is told or shown; nothing here waits for time to pass.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as browser from '../browser.mjs';

const house = fileURLToPath(new URL('../../../', import.meta.url));

/** The program; `GATEBEND` names another. */
export const program = process.env.GATEBEND
    ?? join(process.env.CARGO_TARGET_DIR ?? join(house, 'target'), 'release/gatebend');

/** What is played at first: bends invert, so that all of them are heard. */
const OPTIONS = ['--silent', '--set', 'bend=invert'];

/** Patience with what is waited for, in milliseconds; how long it takes proves nothing. */
export const PATIENCE = { timeout: 30_000 };

/** The desktop's measures; the page shows everything at once. */
const SIZE = { width: 1440, height: 900 };

/** Why nothing can be tried; nothing, if it can. */
export async function missing() {
    const why = await browser.missing();
    return why || (existsSync(program) ? '' : `no ${program}: cargo build --release, or name it: GATEBEND`);
}

/** A program that plays, started again at the same port after it was killed. */
export class Instrument {
    /** @param {string[]} options */
    constructor(options) {
        this.options = options;
        this.port = '0';
        this.url = '';
        this.child = null;
    }

    /** Starts it; its page is there then. */
    async start() {
        // GATEBEND_WEB is a folder to serve instead of what is in the program: to try out.
        const web = process.env.GATEBEND_WEB ? ['--web', process.env.GATEBEND_WEB] : [];
        const child = spawn(program, ['play', ...OPTIONS, ...this.options, ...web, '--port', this.port], {
            stdio: ['pipe', 'pipe', 'pipe'],
        });
        this.child = child;
        let said = '';
        this.url = await new Promise((resolve, reject) => {
            const hear = (data) => {
                said += data;
                const page = /Page: (\S+)/.exec(said);
                if (page) resolve(page[1]);
            };
            child.stdout.on('data', hear);
            child.stderr.on('data', hear);
            child.on('error', reject);
            child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
        });
        const { port } = new URL(this.url);
        if (this.port !== '0' && port !== this.port) throw new Error(`port ${this.port} is taken`);
        this.port = port;
    }

    /** Ends it as a power cut does. */
    async kill() {
        const { child } = this;
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => { child.once('exit', resolve); });
        child.kill('SIGKILL');
        await ended;
    }
}

/** A page of an instrument, and all that is said on its websockets. */
export class Client {
    /** @param {import('playwright-core').Page} page */
    constructor(page) {
        this.page = page;
        /** What went wrong in the page. @type {string[]} */
        this.problems = [];
        /** All sections of the state, as they were told last. */
        this.state = {};
        /** How many snapshots it was given. */
        this.snapshots = 0;
        /** How often each kind of binary message came: 1 activity, 2 display, 3 sound. */
        this.frames = [0, 0, 0, 0];
        /** The last one of each kind. @type {Buffer[]} */
        this.last = [];
        this.waiting = new Set();
        page.on('pageerror', (error) => this.problems.push(error.stack ?? String(error)));
        page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => this.hear(payload)));
    }

    /** @param {string | Buffer} payload */
    hear(payload) {
        if (typeof payload === 'string') {
            const { type, ...told } = JSON.parse(payload);
            if (type === 'welcome') this.state = {};
            if (type === 'snapshot') this.snapshots += 1;
            if (type === 'state') Object.assign(this.state, told);
        } else {
            this.frames[payload[0]] += 1;
            this.last[payload[0]] = payload;
        }
        for (const look of this.waiting) look();
    }

    /**
     * Waits until something is so, looking after each message.
     * @param {(client: Client) => boolean} is
     * @param {string} what is waited for
     */
    until(is, what) {
        return new Promise((resolve, reject) => {
            const look = () => {
                if (!is(this)) return;
                clearTimeout(timer);
                this.waiting.delete(look);
                resolve(undefined);
            };
            const timer = setTimeout(() => {
                this.waiting.delete(look);
                const { network: _, ...rest } = this.state;
                reject(new Error(`${what}: not so; told was ${JSON.stringify(rest)}`));
            }, PATIENCE.timeout);
            this.waiting.add(look);
            look();
        });
    }

    /** The network time that activity was told of last. */
    get t() {
        return this.last[1]?.readUInt32LE(8) ?? 0;
    }

    /** The bends of all layers: `node bend`, in order. */
    get bends() {
        const { layers = [] } = this.state.layers ?? {};
        return layers.flatMap(({ bends }) => bends.map(([node, bend]) => `${node} ${JSON.stringify(bend)}`)).sort();
    }

    /** What sounds: network, layers, values of parameters. */
    get played() {
        const { network, layers, parameters } = this.state;
        return JSON.stringify([network?.file, layers?.layers, parameters]);
    }

    /** The network's name. */
    get name() {
        return this.state.network ? JSON.parse(this.state.network.file).name : '';
    }

    /** @param {string} id of a button */
    press(id) {
        return this.page.locator(`#${id}`).click();
    }

    /** Waits until it is connected, or plays alone. @param {'open' | 'away'} [standing] */
    stands(standing = 'open') {
        return this.page.waitForFunction(
            (wanted) => document.querySelector('.light')?.dataset.state === wanted, standing, PATIENCE);
    }

    /**
     * Draws with a tool of the graph over a part of it.
     * @param {string} tool its name
     * @param {[number, number]} from in parts of the graph's sides
     * @param {[number, number]} to
     */
    async draw(tool, from, to) {
        await this.page.getByRole('toolbar', { name: 'Gate tools' }).getByRole('button', { name: tool }).click();
        const { x, y, width, height } = await this.page.locator('.graph-stage').boundingBox();
        await this.page.mouse.move(x + from[0] * width, y + from[1] * height);
        await this.page.mouse.down();
        await this.page.mouse.move(x + to[0] * width, y + to[1] * height, { steps: 4 });
        await this.page.mouse.up();
    }

    /** What the canvas of the gates shows, to compare. */
    gates() {
        return this.page.locator('.graph-stage canvas').first().evaluate((canvas) => canvas.toDataURL());
    }

    /** Pixels of the display that are lit in the page, as `x y`. */
    lit() {
        return this.page.locator('#oled').evaluate((canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            return Array.from({ length: width * height }, (_, i) => i)
                .filter((i) => data[4 * i + 3] > 0)
                .map((i) => `${i % width} ${Math.floor(i / width)}`);
        });
    }

    /** Those that are lit on the display, as it was told last: a byte is a column of eight. */
    get shown() {
        const bytes = this.last[2]?.subarray(4) ?? [];
        const lit = [];
        for (let y = 0; y < bytes.length / 16; y++) {
            for (let x = 0; x < 128; x++) if ((bytes[(y >> 3) * 128 + x] >> (y & 7)) & 1) lit.push(`${x} ${y}`);
        }
        return lit;
    }

    /** Waits until the splash is over, within which a touch asks for a safe start. */
    splashed() {
        return this.until(({ t, state }) => t > 3 * state.transport.rate, 'three seconds played');
    }

    /** Presses the pad's field, and stays there; or goes there. @param {number} x @param {number} y in parts of it */
    async touch(x, y) {
        const box = await this.page.locator('#field').boundingBox();
        await this.page.mouse.move(box.x + x * box.width, box.y + y * box.height);
        await this.page.mouse.down();
    }

    /** Time stands still, or goes on. @param {boolean} playing */
    async play(playing) {
        if (this.state.transport.playing === playing) return;
        await this.press('play');
        await this.until(({ state }) => state.transport.playing === playing, `playing ${playing}`);
    }
}

/**
 * Looks again and again until something is so.
 * @param {() => Promise<boolean>} is
 * @param {string} what
 */
export async function eventually(is, what) {
    const end = performance.now() + PATIENCE.timeout;
    while (!await is()) {
        if (performance.now() > end) throw new Error(`${what}: not so`);
        await new Promise((again) => { setTimeout(again, 20); });
    }
}

/** A browser. */
export async function launch() {
    const { chromium } = await import('playwright-core');
    const found = await chromium.launch(browser.LAUNCH);
    return {
        /**
         * A page in a context of its own: it shares nothing with others.
         * @param {string} url
         * @param {object} [options] of the context
         */
        async open(url, options = {}) {
            const context = await found.newContext({ viewport: SIZE, colorScheme: 'dark', ...options });
            const client = new Client(await context.newPage());
            await client.page.goto(url);
            await client.stands();
            return client;
        },
        close: () => found.close(),
    };
}
