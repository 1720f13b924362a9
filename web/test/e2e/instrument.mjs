// The real program, playing on its simulated desk in real time, and browsers with its page.
// Tests wait for messages or for the page; nothing here waits for time to pass.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { changed } from '../../store/layers.js';
import * as browser from '../browser.mjs';
import { Stream } from './stream.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Path of the program; `GATEBEND` overrides it. */
export const program = process.env.GATEBEND
    ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'release/gatebend');

/** Nothing is saved by default, and bends invert, so that all of them are audible. */
const OPTIONS = ['--silent', '--state', 'none', '--set', 'bend=invert'];

export const { PATIENCE } = browser;

/** Size of a desktop window, in which the page shows everything at once. */
const SIZE = { width: 1440, height: 900 };

/** Returns why the tests cannot run, or an empty string. */
export async function missing() {
    const why = await browser.missing();
    return why || (existsSync(program) ? '' : `no ${program}: cargo build --release, or name it: GATEBEND`);
}

/** A running program, which can be killed and started again at the same port. */
export class Instrument {
    /** @param {string[]} options */
    constructor(options) {
        this.options = options;
        this.port = '0';
        this.url = '';
        this.child = null;
        /** Everything that the program has printed since its start. */
        this.output = '';
    }

    /** The pairing code that was printed last. */
    get code() {
        return [...this.output.matchAll(/Pairing code: ([\d ]+)/g)].at(-1)?.[1] ?? '';
    }

    /** Starts the program and waits for its page. */
    async start() {
        // GATEBEND_WEB is a folder to serve in place of the page in the program.
        const web = process.env.GATEBEND_WEB ? ['--web', process.env.GATEBEND_WEB] : [];
        const child = spawn(program, ['play', ...OPTIONS, ...this.options, ...web, '--port', this.port], {
            stdio: ['pipe', 'pipe', 'pipe'],
        });
        this.child = child;
        this.output = '';
        this.url = await new Promise((resolve, reject) => {
            const read = (data) => {
                this.output += data;
                const page = /Page: (\S+)/.exec(this.output);
                if (page) resolve(page[1]);
            };
            child.stdout.on('data', read);
            child.stderr.on('data', read);
            child.on('error', reject);
            child.on('exit', (code) => reject(new Error(`the program ended with ${code}: ${this.output}`)));
        });
        const { port } = new URL(this.url);
        if (this.port !== '0' && port !== this.port) throw new Error(`port ${this.port} is taken`);
        this.port = port;
    }

    /** Kills the program, like a power cut. */
    async kill() {
        const { child } = this;
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => { child.once('exit', resolve); });
        child.kill('SIGKILL');
        await ended;
    }
}

/** A page of an instrument, and the messages on its websockets. */
export class Client {
    /** @param {import('playwright-core').Page} page */
    constructor(page) {
        this.page = page;
        /** Errors in the page. @type {string[]} */
        this.problems = [];
        /** Sections of the state, as received last. */
        this.state = {};
        /** Number of snapshots received. */
        this.snapshots = 0;
        /** Number of binary messages by kind: 1 activity, 2 display, 3 sound. */
        this.frames = [0, 0, 0, 0];
        /** Last message of each kind. @type {Buffer[]} */
        this.last = [];
        /** The sound received. */
        this.stream = new Stream();
        this.waiting = new Set();
        page.on('pageerror', (error) => this.problems.push(error.stack ?? String(error)));
        page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => this.receive(payload)));
    }

    /** @param {string | Buffer} payload */
    receive(payload) {
        if (typeof payload === 'string') {
            const { type, ...content } = JSON.parse(payload);
            if (type === 'welcome') this.state = {};
            if (type === 'snapshot') this.snapshots += 1;
            if (type === 'state') {
                const { bends, ...sections } = content;
                if (bends) sections.layers = changed(this.state.layers, bends);
                Object.assign(this.state, sections);
            }
        } else {
            this.frames[payload[0]] += 1;
            this.last[payload[0]] = payload;
            if (payload[0] === 3) this.stream.add(payload);
        }
        for (const check of this.waiting) check();
    }

    /**
     * Waits for a condition, which is checked after each message.
     * @param {(client: Client) => boolean} condition
     * @param {string} what name of the condition
     */
    until(condition, what) {
        return new Promise((resolve, reject) => {
            const check = () => {
                if (!condition(this)) return;
                clearTimeout(timer);
                this.waiting.delete(check);
                resolve(undefined);
            };
            const timer = setTimeout(() => {
                this.waiting.delete(check);
                const { network: _, ...rest } = this.state;
                reject(new Error(`no ${what}; the state is ${JSON.stringify(rest)}`));
            }, PATIENCE.timeout);
            this.waiting.add(check);
            check();
        });
    }

    /** Network time of the last activity. */
    get t() {
        return this.last[1]?.readUInt32LE(8) ?? 0;
    }

    /** Bends of all layers as `node bend`, sorted. */
    get bends() {
        const { layers = [] } = this.state.layers ?? {};
        return layers.flatMap(({ bends }) => bends.map(([node, bend]) => `${node} ${JSON.stringify(bend)}`)).sort();
    }

    /** Everything that determines the sound: network, layers, parameters. */
    get played() {
        const { network, layers, parameters } = this.state;
        return JSON.stringify([network?.file, layers?.layers, parameters]);
    }

    /** Name of the network. */
    get name() {
        return this.state.network ? JSON.parse(this.state.network.file).name : '';
    }

    /** Clicks a button. @param {string} id */
    press(id) {
        return this.page.locator(`#${id}`).click();
    }

    /** Waits until the page is connected, disconnected or asks for the pairing code. @param {'open' | 'away' | 'pairing'} [standing] */
    stands(standing = 'open') {
        return this.page.waitForFunction(
            (wanted) => document.querySelector('.light')?.dataset.state === wanted, standing, PATIENCE);
    }

    /**
     * Drags a tool over a part of the graph.
     * @param {string} tool name of the tool
     * @param {[number, number]} from 0 to 1 in the graph
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

    /** Returns the image of the graph, to compare. */
    gates() {
        return this.page.locator('.graph-stage canvas').first().evaluate((canvas) => canvas.toDataURL());
    }

    /** Returns the lit pixels of the display in the page, as `x y`. */
    lit() {
        return this.page.locator('#oled').evaluate((canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            return Array.from({ length: width * height }, (_, i) => i)
                .filter((i) => data[4 * i + 3] > 0)
                .map((i) => `${i % width} ${Math.floor(i / width)}`);
        });
    }

    /** Lit pixels of the display as received last; a byte is a column of eight. */
    get shown() {
        const bytes = this.last[2]?.subarray(4) ?? [];
        const lit = [];
        for (let y = 0; y < bytes.length / 16; y++) {
            for (let x = 0; x < 128; x++) if ((bytes[(y >> 3) * 128 + x] >> (y & 7)) & 1) lit.push(`${x} ${y}`);
        }
        return lit;
    }

    /** Waits until the splash is over, during which a touch means a safe start. */
    splashed() {
        return this.until(({ t, state }) => t > 3 * state.transport.rate, 'three seconds played');
    }

    /** Holds the mouse down on the pad. @param {number} x @param {number} y 0 to 1 */
    async touch(x, y) {
        const box = await this.page.locator('#field').boundingBox();
        await this.page.mouse.move(box.x + x * box.width, box.y + y * box.height);
        await this.page.mouse.down();
    }

    /** Plays or pauses. @param {boolean} playing */
    async play(playing) {
        // The first time, Play starts the sound of the page.
        if (await this.page.locator('#play.lead').count() > 0) {
            await this.press('play');
            await this.page.locator('#play:not(.lead)').waitFor();
        }
        if (this.state.transport.playing === playing) return;
        await this.press('play');
        await this.until(({ state }) => state.transport.playing === playing, `playing ${playing}`);
    }
}

/**
 * Checks a condition until it holds.
 * @param {() => Promise<boolean>} condition
 * @param {string} what name of the condition
 */
export async function eventually(condition, what) {
    const end = performance.now() + PATIENCE.timeout;
    while (!await condition()) {
        if (performance.now() > end) throw new Error(`no ${what}`);
        await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
}

/** Launches a browser. */
export async function launch() {
    const { chromium } = await import('playwright-core');
    const launched = await chromium.launch(browser.LAUNCH);
    return {
        /**
         * Opens a page that shares nothing with other pages.
         * @param {string} url
         * @param {object} [options] options of the browser context
         * @param {'open' | 'pairing'} [standing] state of the page to wait for
         */
        async open(url, options = {}, standing = 'open') {
            const context = await launched.newContext({ viewport: SIZE, colorScheme: 'dark', ...options });
            const client = new Client(await context.newPage());
            await client.page.goto(url);
            await client.stands(standing);
            if (standing !== 'open') return client;
            // The test's copy of the messages may be later than the page.
            await client.until(({ state }) => state.transport !== undefined, 'state');
            return client;
        },
        close: () => launched.close(),
    };
}
