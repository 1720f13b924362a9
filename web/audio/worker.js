// The worker of workshop.js: takes the module first, then requests, one after another.

import { Module } from './module.js';

/** @type {Module | null} */
let module = null;

onmessage = ({ data }) => {
    if (!module) {
        module = new Module(new WebAssembly.Module(data));
        return;
    }
    module.write(data);
    module.exports.work();
    postMessage(module.said());
};
