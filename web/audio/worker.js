// The worker of jobs.js. The first message is the module's bytes, each later one a job.

import { Kind, Module } from './module.js';

/** @type {Module | null} */
let module = null;

onmessage = ({ data }) => {
    if (!module) {
        module = new Module(new WebAssembly.Module(data));
        return;
    }
    module.write(data);
    // An exception reaches jobs.js, which refuses the job.
    if (module.exports.work() !== Kind.text) throw new Error('This is not a job.');
    postMessage(module.output());
};
