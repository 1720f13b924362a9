// The worker of trainer.js: trains one network, and reports on it.

import { Module } from './module.js';

/** Interval between reports. */
const REPORT_MILLISECONDS = 500;

/**
 * @typedef {object} Exports of web/wasm/train/src/lib.rs
 * @property {() => number} begin
 * @property {() => number} step
 * @property {() => void} report
 * @property {() => void} answer
 */

onmessage = ({ data: { module: compiled, bytes } }) => {
    const module = new Module(new WebAssembly.Module(compiled));
    const { begin, step, report, answer } = /** @type {Exports} */ (/** @type {unknown} */ (module.exports));
    const post = (/** @type {boolean} */ last) => {
        const output = module.output();
        postMessage({ bytes: output, last }, { transfer: [output.buffer] });
    };
    module.write(bytes);
    if (begin()) {
        let due = performance.now();
        while (step()) {
            if (performance.now() < due) continue;
            report();
            post(false);
            due = performance.now() + REPORT_MILLISECONDS;
        }
        report();
        post(false);
        answer();
    }
    post(true);
};
