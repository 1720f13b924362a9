// Measures the time of a render quantum, 128 frames, in WebAssembly, and compares it with the
// program on the same computer. Run `node web/bench.mjs` with GATEBEND set to the program, after
// web/build.sh. All runs do the same work, so their differences are noise: the minimum over the
// runs counts for each quantum.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Kind, Module } from './audio/module.js';

const RATE = 48_000;
const SECONDS = 20;
const RUNS = 5;
const QUANTUM = 128e6 / RATE; // microseconds

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gatebend-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const program = process.env.GATEBEND ?? join(root, 'target/release/gatebend');
const compiled = new WebAssembly.Module(readFileSync(join(root, 'web/gatebend.wasm')));

/** Returns the program's own measure of its time, in seconds. */
function native(network, script) {
    const path = join(folder, 'script.txt');
    writeFileSync(path, script);
    // The time is printed to standard error.
    const run = () => execFileSync('sh', ['-c', '"$0" "$@" 2>&1', program, 'play', network, '--fast',
        '--script', path, '--seconds', SECONDS, '--set', `audio.rate=${RATE}`].map(String));
    return Math.min(...repeated(() => Number(/ in ([\d.]+) s/.exec(run())[1])));
}

/** Returns the results of all runs. */
function repeated(run) {
    return Array.from({ length: RUNS }, run);
}

/** Returns the microseconds of each quantum, and the longest of the load. */
function wasm(network, script) {
    const runs = repeated(() => once(network, script));
    return {
        load: Math.min(...runs.map(({ load }) => load)),
        first: runs[0].load,
        times: runs[0].times.map((_, i) => Math.min(...runs.map(({ times }) => times[i]))),
    };
}

/** Returns the same for one run. */
function once(network, script) {
    const [module, worker] = [new Module(compiled), new Module(compiled)];
    const encode = (text) => new TextEncoder().encode(text);
    module.write(encode(script));
    module.exports.create(RATE);
    /** Returns the longest time that the audio thread takes for a message. */
    const send = (kind, bytes) => {
        const start = performance.now();
        module.write(bytes);
        const output = module.exports.receive(kind);
        const time = (performance.now() - start) * 1000;
        if (output !== Kind.unprepared) return time;
        worker.write(module.output());
        return Math.max(time, send(worker.exports.prepare(), worker.output()));
    };
    send(Kind.text, encode(JSON.stringify({ type: 'hello', version: 1 })));
    let load = send(Kind.text, encode(JSON.stringify({ id: 1, type: 'load', network: readFileSync(network, 'utf8') })));
    let loaded = false;
    let kind;
    const times = new Float64Array(Math.ceil((SECONDS * RATE) / 128));
    for (let i = 0; i < times.length; i++) {
        const start = performance.now();
        module.render(128);
        times[i] = (performance.now() - start) * 1000;
        const texts = [];
        while ((kind = module.exports.next_message()) !== Kind.nothing) {
            const output = module.output();
            if (kind === Kind.text) texts.push(new TextDecoder().decode(output));
        }
        if (loaded) continue;
        // Until the network has been loaded, quanta with their messages are part of the load.
        load = Math.max(load, (performance.now() - start) * 1000);
        loaded = texts.map((text) => JSON.parse(text)).some(({ type, id }) => type === 'done' && id === 1);
    }
    if (!loaded) throw new Error(`${network} was not loaded`);
    return { load, times };
}

function row(name, network, script) {
    const { load, first, times } = wasm(network, script);
    const sum = times.reduce((a, b) => a + b);
    const sorted = times.slice().sort();
    const at = (part) => sorted[Math.floor(part * (sorted.length - 1))];
    const ratio = sum / 1e6 / native(network, script);
    const cells = [
        name.padEnd(22), (sum / times.length).toFixed(1), at(0.5).toFixed(1), at(0.99).toFixed(1),
        at(0.999).toFixed(0), at(1).toFixed(0), `${((100 * at(1)) / QUANTUM).toFixed(1)} %`,
        ratio.toFixed(2), (load / 1000).toFixed(1), (first / 1000).toFixed(1),
    ];
    console.log(`| ${cells.join(' | ')} |`);
}

/** Returns a script with a bend every 5 ms. */
function bends(node) {
    const lines = Array.from({ length: (SECONDS - 3) * 200 }, (_, i) =>
        `${(2.5 + i / 200).toFixed(3)} bend ${node + (i % 97)} ${['invert', 'off'][i % 2]}`);
    return lines.join('\n');
}

console.log(`Microseconds a quantum, out of ${QUANTUM.toFixed(0)}; ${SECONDS} s each.`);
console.log('| network | mean | p50 | p99 | p99.9 | maximum | maximum, of the quantum | time, by the program\'s | load, ms | first load, ms |');
console.log('|---|---|---|---|---|---|---|---|---|---|');
const networks = join(root, 'assets/networks');
for (const name of readdirSync(networks).filter((file) => file.endsWith('.json'))) {
    row(name.slice(0, -5), join(networks, name), '');
}
for (const [gates, layers] of [[1000, '10x100'], [4096, '16x256']]) {
    const network = join(folder, `${gates}.json`);
    execFileSync(program, ['random', '--inputs', '16', '--layers', layers, '--seed', '1', '-o', network],
        { stdio: 'ignore' });
    row(`${gates} gates`, network, '');
    row(`${gates} gates, 200 bends/s`, network, bends(600));
}
