// What must be heard: the program's own sound in simulated time, in which every run is
// the same to the bit. A recording of the running instrument is compared with it.
//
// When the running one was started, was listened to and was bent is chance, to a
// callback. All else is not: where a recording begins is found by its samples, when a
// bend was made by trying the callbacks there were; then all samples must be equal.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { rounded } from '../../audio/recorder.js';
import { program } from './instrument.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gatebend-oracle-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** Frames a second and a callback: boards/desk.toml. */
export const RATE = 44_100;
const BLOCK = 16;
/** A recording begins anew where the stream broke: so many equal samples are no chance. */
const SURE = 512;

/**
 * What the program plays by itself.
 * @param {number} seconds
 * @param {string[]} [script] lines of docs/playing.md
 * @param {string[]} [options]
 * @returns {Int16Array} as a recording has it
 */
export function played(seconds, script = [], options = []) {
    const [lines, wav] = [join(folder, 'script.txt'), join(folder, 'out.f32')];
    writeFileSync(lines, `${script.join('\n')}\n`);
    execFileSync(program, [
        'play', '--set', 'bend=invert', ...options, '--script', lines, '--seconds', String(seconds), '--wav', wav,
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    const bytes = readFileSync(wav);
    return rounded(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2));
}

/**
 * What the program plays of a network, its file's text.
 * @param {number} seconds
 * @param {string} network
 */
export function playedOf(seconds, network) {
    const file = join(folder, 'network.json');
    writeFileSync(file, network);
    return played(seconds, [], [file]);
}

/** The samples of a WAV file. @param {Buffer} file */
export function samples(file) {
    return new Int16Array(file.buffer.slice(file.byteOffset + 44, file.byteOffset + file.length));
}

/** How many samples are equal from two places on, or so near. */
function run(a, i, b, j, near) {
    let length = 0;
    while (i + length < a.length && j + length < b.length && Math.abs(a[i + length] - b[j + length]) <= near) length += 1;
    return length;
}

/**
 * Where a recording is found in what should be heard: pieces of it, whole and in order.
 * Between them, where the stream broke, is silence only.
 * @param {Int16Array} heard
 * @param {Int16Array} oracle
 * @param {number} [near] how far samples may differ
 * @returns {{ pieces: { at: number, from: number, length: number }[], wrong: number }}
 *   `wrong`: the first sample that is none of it, or -1
 */
export function found(heard, oracle, near = 0) {
    const pieces = [];
    let from = 0;
    for (let at = 0; at < heard.length;) {
        if (heard[at] === 0) {
            at += 1;
            continue;
        }
        const want = Math.min(SURE, heard.length - at);
        let place = from;
        while (place < oracle.length && (Math.abs(oracle[place] - heard[at]) > near || run(heard, at, oracle, place, near) < want)) place += 1;
        if (place >= oracle.length) return { pieces, wrong: at };
        const length = run(heard, at, oracle, place, near);
        pieces.push({ at, from: place, length });
        at += length;
        from = place + length;
    }
    return { pieces, wrong: -1 };
}

/**
 * Finds when edits were made that a recording has, one after the other, so that all of
 * it is what the program plays.
 * @param {Int16Array} heard
 * @param {string[]} edits as in scripts
 * @param {number} seconds of the program that it was recorded in, at most
 * @returns {{ pieces: ReturnType<typeof found>['pieces'], wrong: number }[]} before the first
 *   edit, and with each
 */
export function bent(heard, edits, seconds) {
    const script = [];
    const results = [found(heard, played(seconds))];
    for (const edit of edits) {
        const { pieces } = results.at(-1);
        const last = pieces.at(-1);
        if (!last) return results;
        let best = results.at(-1);
        let made = '';
        // It was made where the sound parts, or before, since not all is heard at once.
        const parted = Math.floor((last.from + last.length) / BLOCK);
        for (let back = 0; back < 150; back++) {
            const line = `${((parted - back) * BLOCK - 1) / RATE} ${edit}`;
            const now = found(heard, played(seconds, [...script, line]));
            if (reach(now, heard) > reach(best, heard)) [best, made] = [now, line];
            if (reach(now, heard) >= reach(results.at(-1), heard) + SURE) break;
        }
        script.push(made);
        results.push(best);
    }
    return results;
}

/** How far a recording is right. */
function reach({ wrong }, heard) {
    return wrong < 0 ? heard.length : wrong;
}
