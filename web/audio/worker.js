// The worker of jobs.js. The first message is the module's bytes, each later one a job or a
// message to be prepared.

import { Kind, Module } from './module.js';

/** @type {Module | null} */
let module = null;

onmessage = ({ data }) => {
    if (!module) {
        module = new Module(new WebAssembly.Module(data));
        return;
    }
    module.write(data.bytes);
    const kind = data.kind === Kind.unprepared ? module.exports.prepare() : module.exports.work();
    // An exception reaches jobs.js, which refuses the job.
    if (data.kind === Kind.job && kind !== Kind.text) throw new Error('This is not a job.');
    postMessage({ kind, bytes: module.output() });
};
