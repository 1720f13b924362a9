// The expected sound: the program's own in simulated time, in which every run is the same to
// the bit.
//
// The running instrument plays the same, except that the scheduler decides at which callback
// the first network and each edit take effect. These callbacks are found by trying the
// candidates; with the right ones, every frame of the stream is equal.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { program } from './instrument.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gatebend-oracle-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** Frames a second, and frames of a callback: boards/desk.toml. */
export const RATE = 44_100;
const BLOCK = 16;
/** Frames from the start of the instrument to that of its first network, at most. */
const LATEST_START = RATE;
/** Callbacks from an edit to the first frame that it changes, at most. */
const INAUDIBLE = 150;
/** A callback is found if so many further frames are equal. */
const CERTAIN = 512;

/**
 * Renders the program's sound.
 * @param {number} end frames to render, at least
 * @param {string[]} [script] lines of docs/playing.md
 * @param {string[]} [options]
 * @returns {Float32Array}
 */
export function rendered(end, script = [], options = []) {
    const [lines, wav] = [join(folder, 'script.txt'), join(folder, 'out.f32')];
    writeFileSync(lines, `${script.join('\n')}\n`);
    execFileSync(program, [
        'play', '--set', 'bend=invert', ...options, '--script', lines, '--seconds', String(Math.ceil(end / RATE) + 1), '--wav', wav,
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    const bytes = readFileSync(wav);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

/**
 * Makes a network available to scripts, as `recall NAME`.
 * @param {string} name
 * @param {string} file the network file's text
 * @returns {string[]} options for {@link rendered}
 */
export function preset(name, file) {
    writeFileSync(join(folder, `${name}.json`), file);
    return ['--presets', folder];
}

/**
 * Finds the callbacks of edits, one after the other, with which the program plays a stream.
 * @param {import('./stream.mjs').Stream} stream
 * @param {string[]} edits as in scripts
 * @param {string[]} [options]
 * @returns {number[]} first position that differs without edits, with the first edit, and so on
 */
export function matchEdits(stream, edits, options = []) {
    const script = [];
    const delay = findDelay(stream, rendered(stream.end));
    const compare = (lines) => stream.difference(rendered(stream.end, lines, options), delay);
    const differences = [compare(script)];
    for (const edit of edits) {
        const differs = differences.at(-1);
        if (differs === Infinity) return differences;
        // The edit is before the first difference, or in a gap just before it.
        const gap = stream.gaps.find(({ start, length }) => start + length === differs);
        const callbacks = INAUDIBLE + Math.ceil((gap?.length ?? 0) / BLOCK);
        let [best, line] = [differs, ''];
        for (let back = 0; back < callbacks && best < differs + CERTAIN; back++) {
            const candidate = `${(Math.floor(differs / BLOCK - back) * BLOCK - delay - 1) / RATE} ${edit}`;
            const difference = compare([...script, candidate]);
            if (difference > best) [best, line] = [difference, candidate];
        }
        script.push(line);
        differences.push(best);
    }
    return differences;
}

/**
 * Finds by how many frames a stream is later than the program's sound.
 * @param {import('./stream.mjs').Stream} stream
 * @param {Float32Array} sound
 */
function findDelay(stream, sound) {
    let [best, found] = [-1, 0];
    for (let delay = 0; delay <= LATEST_START && best < stream.start + CERTAIN; delay += BLOCK) {
        const difference = stream.difference(sound, delay);
        if (difference > best) [best, found] = [difference, delay];
    }
    return found;
}

/** The samples of a WAV file. @param {Buffer} file */
export function samples(file) {
    return new Int16Array(file.buffer.slice(file.byteOffset + 44, file.byteOffset + file.length));
}
