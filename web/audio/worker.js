// The worker of workshop.js: takes the module first, then requests, one after another.

import { Kind, Module } from './module.js';

/** @type {Module | null} */
let module = null;

onmessage = ({ data }) => {
    if (!module) {
        module = new Module(new WebAssembly.Module(data));
        return;
    }
    module.write(data);
    // What cannot be read has no answer: workshop.js hears of it.
    if (module.exports.work() !== Kind.text) throw new Error('This is no request.');
    postMessage(module.said());
};
