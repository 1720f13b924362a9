// Messages of strokes, marks of bends and descriptions of nodes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { INPUT, OUTPUT } from '../graph/glyphs.js';
import { layout } from '../graph/layout.js';
import { ASIDE, bendOf, BENDS, CHOSEN, DEAD, FAINT, IN_CONE, mark, STEERED, TOUCHED, wires } from '../graph/marks.js';
import { Model } from '../graph/model.js';
import { describe } from '../graph/inspect.js';
import { Strokes } from '../graph/strokes.js';
import { step } from '../graph/walk.js';
import { networkOf } from './graph-networks.js';

/** Creates strokes whose messages the test answers. */
function strokes() {
    const sent = [];
    const refused = [];
    const made = new Strokes({
        send: (message) => new Promise((resolve, reject) => { sent.push({ message, resolve, reject }); }),
        changed: () => {},
        refused: (reason) => refused.push(reason),
    });
    return { made, sent, refused };
}
/** Lets pending promises settle. */
const settle = () => new Promise((go) => { setImmediate(go); });

test('a stroke begins once, sends once a frame, and sends each node once', () => {
    const { made, sent } = strokes();
    made.begin('one');
    made.add([3, 4]);
    made.add([4, 5]);
    made.flush();
    made.add([5, 6]);
    made.flush();
    made.flush();
    made.end();
    assert.deepEqual(sent.map(({ message }) => message), [
        { type: 'paint', bends: [[3, 'one'], [4, 'one'], [5, 'one']], begins: true },
        { type: 'paint', bends: [[6, 'one']], begins: false },
    ]);
    made.once([3], null);
    assert.deepEqual(sent[2].message, { type: 'paint', bends: [[3, null]], begins: true });
});

test('an empty stroke sends nothing, a large one several messages', () => {
    const { made, sent } = strokes();
    made.once([], 'zero');
    assert.equal(sent.length, 0);
    made.once(Array.from({ length: 10_000 }, (_, node) => node), 'zero');
    assert.deepEqual(sent.map(({ message: { bends, begins } }) => [bends.length, begins]), [[4096, true], [4096, false], [1808, false]]);
});

test('bends are pending until they are confirmed', async () => {
    const { made, sent } = strokes();
    made.once([1, 2], 'zero');
    assert.deepEqual([...made.pending], [[1, 'zero'], [2, 'zero']]);
    made.once([2], 'invert');
    sent[0].resolve();
    await settle();
    assert.deepEqual([...made.pending], [[2, 'invert']]);
    sent[1].resolve();
    await settle();
    assert.equal(made.pending.size, 0);
});

test('paint added while an answer arrives stays pending', async () => {
    const { made, sent } = strokes();
    made.begin('one');
    made.add([7]);
    made.flush();
    made.begin('zero');
    made.add([7]);
    sent[0].resolve();
    await settle();
    assert.deepEqual([...made.pending], [[7, 'zero']]);
});

test('a refused stroke is no longer pending, and its reason is reported', async () => {
    const { made, sent, refused } = strokes();
    made.once([1], { op: 3 });
    sent[0].reject(new Error('Node 1 is an input.'));
    await settle();
    assert.equal(made.pending.size, 0);
    assert.deepEqual(refused, ['Node 1 is an input.']);
});

test('another network clears the pending bends', async () => {
    const { made, sent } = strokes();
    made.once([1], 'one');
    made.forget();
    assert.equal(made.pending.size, 0);
    made.once([1], 'zero');
    sent[0].resolve();
    await settle();
    assert.deepEqual([...made.pending], [[1, 'zero']]);
});

// t0 t1 | 2 and, 3 xor (dead) | 4 or
const model = new Model(networkOf(2, [[[1, 0, 1], [6, 0, 1]], [[7, 2, 0]]], [4], { masks: [{ node: 4, op: 8 }] }));
const layer = (strength, ...bends) => ({ name: 'layer', strength, bends });

/** Returns the marks of a state, four numbers a node. */
function marksOf(state, pending = new Map(), cone = null) {
    const marks = new Uint8Array(4 * 6);
    mark(marks, model, state, pending, cone);
    return Array.from({ length: 6 }, (_, node) => [...marks.subarray(4 * node, 4 * node + 4)]);
}

test('marks of kinds, dead gates, outputs and masks of the network', () => {
    assert.deepEqual(marksOf({}), [
        [INPUT, 0, 0, 0], [INPUT, 0, 0, 0], [1, 0, 0, 0], [6, 0, DEAD, 0], [8, BENDS.op, FAINT, 0], [OUTPUT, 0, 0, 0],
    ]);
});

test('the highest audible bend is marked', () => {
    const layers = [layer(100, [2, 'zero', true], [4, 'one', true]), layer(50, [2, 'invert', false], [3, { op: 5 }, false])];
    const marks = marksOf({ layers: { layers, chosen: 0 } });
    assert.deepEqual(marks[2], [1, BENDS.zero, 0, 0]);
    assert.deepEqual(marks[3], [5, BENDS.op, DEAD | FAINT, 0]);
    assert.deepEqual(marks[4], [7, BENDS.one, 0, 0]);
    const state = { layers: { layers, chosen: 0 } };
    assert.deepEqual(bendOf(2, model, state, new Map()), { bend: 'zero', audible: true });
    assert.deepEqual(bendOf(3, model, state, new Map()), { bend: { op: 5 }, audible: false });
    assert.equal(bendOf(1, model, state, new Map()), null);
});

test('pending bends belong to the chosen layer', () => {
    const state = { layers: { layers: [layer(100, [2, 'zero', true]), layer(100, [3, 'one', true])], chosen: 0 } };
    const pending = new Map([[2, null], [3, 'zero'], [0, 'invert']]);
    const marks = marksOf(state, pending);
    assert.equal(marks[2][1], 0);
    assert.equal(marks[3][1], BENDS.one);
    assert.equal(marks[0][1], BENDS.invert);
});

test('marks of touched and steered nodes and of a cone', () => {
    const marks = marksOf({ touched: { nodes: [2, 99], steered: 3, bend: 'one' } }, new Map(), { node: 2, nodes: [0, 1, 2, 4] });
    assert.equal(marks[2][2], TOUCHED);
    assert.equal(marks[3][2], DEAD | STEERED);
    assert.deepEqual(marks.map(([, , , emphasis]) => emphasis), [IN_CONE, IN_CONE, CHOSEN, ASIDE, IN_CONE, IN_CONE]);
});

test('bends of missing nodes are ignored', () => {
    assert.equal(marksOf({ layers: { layers: [layer(100, [77, 'zero', true])], chosen: 0 } }).length, 6);
});

test('each used operand and each output has a wire', () => {
    const { count, nodes } = wires(model, layout(model));
    assert.equal(count, 7);
    const pairs = Array.from({ length: count }, (_, at) => [nodes[2 * at], nodes[2 * at + 1]].join());
    assert.deepEqual(pairs.sort(), ['0,2', '0,3', '0,4', '1,2', '1,3', '2,4', '4,5']);
});

test('descriptions of nodes', () => {
    const info = { model, bend: null, audible: false, steered: false };
    assert.equal(describe({ ...info, node: 0 }), 'Input t0; read by 3 gates.');
    assert.equal(describe({ ...info, node: 2, bend: 'invert', audible: true, steered: true }),
        'Gate 2, layer 1: and of t0 and t1; read by one gate; flipped; steered by an analog input.');
    assert.equal(describe({ ...info, node: 3, bend: { op: 8 } }),
        'Gate 3, layer 1: xor of t0 and t1; read by 0 gates; not heard: no output depends on it; bent to nor, without effect now.');
    assert.match(describe({ ...info, node: 4 }), /heard as bit 0/);
});

test('arrow keys follow wires and columns', () => {
    const places = layout(model);
    assert.equal(step(model, places, 2, 'ArrowLeft', false), 0);
    assert.equal(step(model, places, 2, 'ArrowLeft', true), 1);
    assert.equal(step(model, places, 0, 'ArrowRight', false), 2);
    assert.equal(step(model, places, 0, 'ArrowRight', true), 4);
    assert.equal(step(model, places, 4, 'ArrowRight', false), null);
    assert.equal(step(model, places, 0, 'ArrowDown', false), 1);
    assert.equal(step(model, places, 1, 'ArrowUp', false), 0);
    assert.equal(step(model, places, 1, 'ArrowDown', false), null);
});
