// Plays a Faust program compiled to WebAssembly, as a browser does: FILE.wasm RATE
// [NAME=VALUE]... with FILE.js beside it. Input and output are those of play.cpp.
import { readFileSync, writeSync } from 'node:fs';

const [file, rate, ...sliders] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
const program = new WebAssembly.Instance(module).exports;
const description = readFileSync(file.replace(/wasm$/, 'js'), 'utf8');

program.init(0, Number(rate));
for (const slider of sliders) {
  const [name, value] = slider.split('=');
  const found = description.match(`"label": "${name}",.*?"index": (\\d+)`);
  program.setParamValue(0, Number(found[1]), Number(value));
}

// The pages after the program's own have two lists of two pointers, then four buffers.
const block = 128;
const base = program.memory.buffer.byteLength;
program.memory.grow(1);
const words = new Int32Array(program.memory.buffer, base);
const buffers = [0, 1, 2, 3].map(i => base + 64 + i * 4 * block);
words.set(buffers);
const [left, right, out, out2] = buffers.map(
  at => new Float32Array(program.memory.buffer, at, block),
);
const last = program.getNumOutputs(0) === 2 ? out2 : out;

const bytes = readFileSync(0);
const frames = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
for (let start = 0; start < frames.length; start += 2 * block) {
  const part = frames.subarray(start, start + 2 * block);
  const count = part.length / 2;
  for (let i = 0; i < count; i++) [left[i], right[i]] = part.subarray(2 * i, 2 * i + 2);
  program.compute(0, count, base, base + 8);
  for (let i = 0; i < count; i++) [part[2 * i], part[2 * i + 1]] = [out[i], last[i]];
}
for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
