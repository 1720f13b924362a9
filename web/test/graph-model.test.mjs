// Parsing and layout of networks for the graph.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { FAR, layout, layoutInSteps } from '../graph/layout.js';
import { wires } from '../graph/marks.js';
import { Model, ModelError } from '../graph/model.js';
import { evaluate, OPS, truthTable, usesA, usesB } from '../graph/ops.js';
import { Index, View } from '../graph/view.js';
import { step } from '../graph/walk.js';
import { networkOf, randomNetwork } from './graph-networks.js';

const shipped = new URL('../../assets/networks/', import.meta.url);
const files = readdirSync(shipped).filter((name) => name.endsWith('.json'));

test('operations match their names', () => {
    const expected = {
        false: () => 0, and: (a, b) => a & b, 'a and not b': (a, b) => a & ~b, a: (a) => a,
        'b and not a': (a, b) => b & ~a, b: (_, b) => b, xor: (a, b) => a ^ b, or: (a, b) => a | b,
        nor: (a, b) => ~(a | b), xnor: (a, b) => ~(a ^ b), 'not b': (_, b) => ~b,
        'a or not b': (a, b) => a | ~b, 'not a': (a) => ~a, 'b or not a': (a, b) => b | ~a,
        nand: (a, b) => ~(a & b), true: () => 1,
    };
    OPS.forEach(({ name }, op) => {
        for (const { a, b, out } of truthTable(op)) {
            assert.equal(out, expected[name](a, b) & 1, `${name} of ${a}, ${b}`);
            assert.equal(evaluate(op, a, b), out);
        }
    });
    assert.deepEqual(OPS.flatMap((_, op) => (usesA(op) ? [] : [op])), [0, 5, 10, 15]);
    assert.deepEqual(OPS.flatMap((_, op) => (usesB(op) ? [] : [op])), [0, 3, 12, 15]);
});

// t0 t1 | 2: t0 and t1, 3: t1 (b), 4: true | 5: xor 2 2, 6: 3 or 2
const small = new Model(networkOf(2, [[[1, 0, 1], [5, 0, 1], [15, 0, 1]], [[6, 2, 2], [7, 3, 2]]], [6, 1]));

test('operands, readers, liveness and layers', () => {
    assert.deepEqual([2, 3, 4, 5, 6].map((node) => small.operands(node)), [[0, 1], [1], [], [2], [3, 2]]);
    assert.deepEqual([...small.readersOf(0)], [2]);
    assert.deepEqual([...small.readersOf(1)], [2, 3]);
    assert.deepEqual([...small.readersOf(2)], [5, 6]);
    assert.deepEqual([...small.alive], [1, 1, 1, 1, 0, 0, 1]);
    assert.deepEqual([0, 1, 2, 4, 5, 6].map((node) => small.layerOf(node)), [0, 0, 1, 1, 2, 2]);
});

test('cones of a node', () => {
    assert.deepEqual(small.fanIn(6), [0, 1, 2, 3, 6]);
    assert.deepEqual(small.fanIn(0), [0]);
    assert.deepEqual(small.fanOut(0), [0, 2, 5, 6]);
    assert.deepEqual(small.fanOut(4), [4]);
});

test('masks, encodings and names', () => {
    const model = new Model(networkOf(3, [[[1, 0, 1]]], [3], {
        masks: [{ node: 0, force: 1 }, { node: 1, force: 0 }, { node: 2, invert: true }, { node: 3, op: 6 }],
        input_encoding: { type: 'thermometer', digit_bits: 2 },
    }));
    assert.deepEqual([...model.masks], [[0, 'one'], [1, 'zero'], [2, 'invert'], [3, { op: 6 }]]);
    assert.deepEqual([model.nameOf(1), model.nameOf(3), model.outputName(0)], ['t>1', 'gate 3', 'bit 0']);
    assert.equal(small.nameOf(1), 't1');
});

test('a network of several signals and channels', () => {
    const model = new Model(JSON.stringify({
        format: 'gatebend-network', version: 2,
        inputs: [
            { from: 't', bits: 2 }, { from: 'audio', channel: 1, bits: 3, encoding: 'gray' },
            { from: 'control', name: 'cutoff', bits: 4, encoding: { type: 'thermometer', digit_bits: 2 } },
            { from: 'control', name: 'mode', bits: 1, encoding: 'one-hot' },
        ],
        layers: [{ gates: [[1, 0, 12]] }], outputs: [[13, 2], [4]],
    }));
    assert.deepEqual([model.inputs, model.nodes], [13, 14]);
    const names = [1, 2, 4, 5, 8, 12, 13].map((node) => model.nameOf(node));
    assert.deepEqual(names, ['t1', 'in2.0', 'in2.2', 'cutoff.d0>0', 'cutoff.d1>0', 'mode=1', 'gate 13']);
    assert.deepEqual([...model.outputs], [13, 2, 4]);
    assert.deepEqual([0, 1, 2].map((output) => model.outputName(output)), ['left 0', 'left 1', 'right 0']);
});

test('an invalid network is refused with the position of the error', () => {
    for (const [file, place] of [
        ['{', /JSON/],
        ['{"format":"other"}', /not a network/],
        [networkOf(1, [[[1, 0, 1]]], [1]), /layers\[0\]\.gates\[0\]/],
        [networkOf(1, [[[16, 0, 0]]], [1]), /layers\[0\]\.gates\[0\]/],
        [networkOf(1, [[[1, 0, 0]]], [2]), /outputs\[0\]/],
        [networkOf(5000, [], [0]), /inputs/],
        [networkOf(1, [7], [0]), /layers\[0\]/],
    ]) {
        assert.throws(() => new Model(file), (problem) => problem instanceof ModelError && place.test(problem.message));
    }
});

for (const name of files) {
    test(`${name} is parsed and laid out`, () => {
        const file = readFileSync(new URL(name, shipped), 'utf8');
        const model = new Model(file);
        const text = JSON.parse(file);
        // All signals of factory networks are binary.
        const inputs = [text.inputs].flat().reduce((sum, input) => sum + (input.bits ?? input), 0);
        assert.equal(model.nodes, inputs + text.layers.flatMap(({ gates }) => gates).length);
        for (let node = 0; node < model.nodes; node += 1) {
            for (const operand of model.operands(node)) assert.ok([...model.readersOf(operand)].includes(node));
        }
        bounds(model, layout(model, 1.6));
        bounds(model, layout(model, 0.5));
        bounds(model, layout(model, 2.4, false));
    });
}

/** Checks that nodes are within the bounds and apart, and layers go from left to right. */
function bounds(model, { x, y, width, height, column, placed }) {
    assert.equal(x.length, model.nodes + model.outputs.length);
    const seen = new Set();
    for (let node = 0; node < x.length; node += 1) {
        if (!placed[node]) {
            assert.ok(x[node] === FAR && model.isGate(node) && !model.alive[node], `${node} is hidden`);
            continue;
        }
        assert.ok(x[node] >= 0 && x[node] <= width + 0.001, `x of ${node}`);
        assert.ok(y[node] >= -0.001 && y[node] <= height + 0.001, `y of ${node}: ${y[node]} of ${height}`);
        const place = `${x[node].toFixed(2)} ${y[node].toFixed(2)}`;
        assert.ok(!seen.has(place), `${node} overlaps another node`);
        seen.add(place);
    }
    for (let node = model.inputs; node < model.nodes; node += 1) {
        for (const operand of model.operands(node)) {
            if (placed[node] && model.layerOf(operand) < model.layerOf(node)) assert.ok(column[operand] <= column[node]);
        }
    }
}

test('hidden dead gates have no wires and are not found', () => {
    const places = layout(small, 1.6, false);
    assert.deepEqual([...places.placed], [1, 1, 1, 1, 0, 0, 1, 1, 1]);
    const { count, nodes } = wires(small, places);
    assert.equal(count, 7);
    assert.ok(!nodes.includes(4) && !nodes.includes(5));
    assert.deepEqual(new Index(places, small.nodes).inBox(-1e9, -1e9, 1e9, 1e9), [0, 1, 2, 3, 6]);
    assert.equal(step(small, places, 2, 'ArrowRight', false), 6);
    assert.equal(step(small, layout(small), 2, 'ArrowRight', false), 5);
});

test('nodes that are audible under a mask of the network are alive', () => {
    const gates = [[[1, 0, 1], [3, 0, 1]]];
    assert.deepEqual([...new Model(networkOf(2, gates, [3])).alive], [1, 0, 0, 1]);
    assert.deepEqual([...new Model(networkOf(2, gates, [3], { masks: [{ node: 3, op: 6 }] })).alive], [1, 1, 0, 1]);
    assert.deepEqual([...new Model(networkOf(2, gates, [3], { masks: [{ node: 3, force: 1 }] })).alive], [1, 0, 0, 1]);
});

test('layout is deterministic', () => {
    const file = randomNetwork({ layers: 6, each: 200, seed: 3 });
    assert.deepEqual(layout(new Model(file), 1.3), layout(new Model(file), 1.3));
});

test('ordering shortens wires', () => {
    // Every gate reads an input of the opposite row, so all wires cross before ordering.
    const inputs = 64;
    const gates = Array.from({ length: inputs }, (_, at) => [1, inputs - 1 - at, inputs - 1 - at]);
    const model = new Model(networkOf(inputs, [gates], [inputs]));
    const { y } = layout(model, 0.2);
    for (let node = inputs; node < model.nodes - 1; node += 1) assert.ok(y[node] > y[node + 1]);
});

test('tall and long networks are folded and laid out in small steps', () => {
    const tall = new Model(networkOf(2, [Array.from({ length: 65_536 }, (_, at) => [6, at % 2, 1])], [2]));
    const long = new Model(networkOf(1, Array.from({ length: 5000 }, (_, at) => [[12, at, at]]), [5000]));
    for (const model of [tall, long]) {
        const { width, height } = layout(model, 1.5);
        assert.ok(width / height < 20 && height / width < 20, `${width} by ${height}`);
    }
    const steps = layoutInSteps(new Model(randomNetwork({ layers: 6, each: 600 })), 1.5);
    let count = 0;
    while (!steps.next().done) count += 1;
    assert.ok(count >= 6);
});

test('difference counts changed gates in networks of the same shape', () => {
    const one = new Model(networkOf(2, [[[1, 0, 1], [6, 0, 1]]], [3]));
    assert.equal(one.difference(new Model(networkOf(2, [[[7, 0, 1], [6, 0, 1]]], [3]))), 1);
    assert.equal(one.difference(small), Infinity);
});

test('the index finds nodes at a point, along a line and in a box', () => {
    const model = new Model(randomNetwork({ layers: 4, each: 50 }));
    const places = layout(model);
    const index = new Index(places, model.nodes);
    for (let node = 0; node < model.nodes; node += 1) {
        assert.equal(index.nearest(places.x[node] + 0.1, places.y[node] - 0.1, 0.6), node);
    }
    assert.equal(index.nearest(-5, -5, 0.6), null);
    const all = Array.from({ length: model.nodes }, (_, node) => node);
    assert.deepEqual(index.inBox(-1e9, -1e9, 1e9, 1e9), all);
    const [x0, y0, x1, y1] = [places.x[3], places.y[3], places.x[150], places.y[150]];
    const along = index.along(x0, y0, x1, y1, 1);
    const near = all.filter((node) => {
        const part = Math.max(0, Math.min(1, ((places.x[node] - x0) * (x1 - x0) + (places.y[node] - y0) * (y1 - y0)) /
            ((x1 - x0) ** 2 + (y1 - y0) ** 2)));
        return Math.hypot(places.x[node] - x0 - part * (x1 - x0), places.y[node] - y0 - part * (y1 - y0)) <= 1;
    });
    assert.deepEqual(along, near);
    assert.ok(along.includes(3) && along.includes(150));
});

test('a view zooms about a point, fits and reveals', () => {
    const view = new View();
    [view.width, view.height] = [800, 400];
    view.fit(layout(small));
    const before = view.toPlane(200, 100);
    view.zoom(2, 200, 100);
    view.toPlane(200, 100).forEach((value, at) => assert.ok(Math.abs(value - before[at]) < 1e-9));
    for (let times = 0; times < 40; times += 1) view.zoom(3);
    assert.ok(view.scale <= 120);
    view.reveal(0, 0);
    const [x, y] = view.toPixels(0, 0);
    assert.ok(x >= 59 && y >= 59 && x <= 741 && y <= 341);
});
