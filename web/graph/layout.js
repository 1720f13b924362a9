// Where nodes are drawn: layers in columns from left to right, ordered so that wires
// cross little. The same network and shape of view always give the same layout; work is
// bounded, and done in steps so that a large network stops nothing.

/** @import { Model } from './model.js' */

/**
 * Places of all nodes, then of all outputs, in gates' widths.
 * @typedef {object} Layout
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {number} width from 0
 * @property {number} height from 0
 * @property {Uint32Array} column by node and output
 * @property {Uint8Array} placed by node and output: 0, and it is left out, FAR away
 * @property {number} room from one gate to the next, at least
 */

/** Where those are that are left out. */
export const FAR = -1e6;

/** Room that a gate takes, in its own width. */
const ROW = 1.25;
const FOLD = 1.45;
/** From one layer to the next: least, more where wires are many, and most. */
const GAP = 1.5;
const WIRES_GAP = 0.9;
const MANY = 24;
const WIDEST_GAP = 11;
const HIGHEST_ROW = 9;
/** A column is not folded below so many rows. */
const LEAST_ROWS = 24;
/** More layers than this share columns. */
const MOST_COLUMNS = 256;
/** Visits of wires while ordering: sweeps get fewer as networks grow. */
const WORK = 150_000;
const MOST_SWEEPS = 10;

/**
 * Lays out at once.
 * @param {Model} model
 * @param {number} [aspect] of the view, width by height
 * @param {boolean} [withDead] gates that no output depends on, too
 * @returns {Layout}
 */
export function layout(model, aspect = 1.6, withDead = true) {
    const steps = layoutInSteps(model, aspect, withDead);
    for (;;) {
        const { done, value } = steps.next();
        if (done) return value;
    }
}

/**
 * Lays out; between steps, of some milliseconds at most, others may work.
 * @param {Model} model
 * @param {number} [aspect]
 * @param {boolean} [withDead]
 * @returns {Generator<undefined, Layout, undefined>}
 */
export function* layoutInSteps(model, aspect = 1.6, withDead = true) {
    const columns = divide(model, withDead);
    const total = model.nodes + model.outputs.length;
    /** From 0 to 1 in the node's column. */
    const rank = new Float32Array(total);
    columns.forEach((column) => settle(column, rank));
    const last = columns.length - 1;
    const sweeps = Math.max(1, Math.min(MOST_SWEEPS, Math.floor(WORK / Math.max(1, 2 * model.nodes))));
    const keys = new Float32Array(total);
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
        for (let at = 1; at < last; at += 1) {
            order(columns[at], keys, rank, (node) => model.operands(node));
            yield;
        }
        // The last word is with the operands: wires come from the left.
        if (sweep === sweeps - 1) break;
        for (let at = last - 1; at > 0; at -= 1) {
            order(columns[at], keys, rank, (node) => model.readersOf(node));
            yield;
        }
    }
    return place(columns, model, rank, aspect);
}

/**
 * Nodes by column: the inputs', the layers', the outputs'.
 * @param {Model} model
 * @param {boolean} withDead
 */
function divide(model, withDead) {
    const layers = model.starts.length - 2;
    const each = Math.max(1, Math.ceil(layers / MOST_COLUMNS));
    const columns = [range(0, model.inputs)];
    for (let layer = 0; layer < layers; layer += each) {
        const end = Math.min(layers, layer + each);
        const gates = range(model.starts[layer + 1], model.starts[end + 1]);
        const column = withDead ? gates : gates.filter((node) => model.alive[node]);
        if (column.length > 0) columns.push(column);
    }
    columns.push(range(model.nodes, model.nodes + model.outputs.length));
    return columns;
}

/** @param {number} from @param {number} to */
function range(from, to) {
    return Uint32Array.from({ length: to - from }, (_, at) => from + at);
}

/** @param {Uint32Array} column @param {Float32Array} rank */
function settle(column, rank) {
    column.forEach((node, at) => {
        rank[node] = (at + 0.5) / column.length;
    });
}

/**
 * @param {Uint32Array} column
 * @param {Float32Array} keys
 * @param {Float32Array} rank
 * @param {(node: number) => ArrayLike<number>} neighbours
 */
function order(column, keys, rank, neighbours) {
    for (const node of column) {
        const others = neighbours(node);
        let sum = 0;
        for (let at = 0; at < others.length; at += 1) sum += rank[others[at]];
        keys[node] = others.length > 0 ? sum / others.length : rank[node];
    }
    column.sort((one, other) => keys[one] - keys[other] || rank[one] - rank[other] || one - other);
    settle(column, rank);
}

/**
 * @param {Uint32Array[]} columns
 * @param {Model} model
 * @param {Float32Array} rank
 * @param {number} aspect
 * @returns {Layout}
 */
function place(columns, model, rank, aspect) {
    const sizes = columns.map((column) => column.length);
    // What is between two columns is by the longer one: single gates in a row are close.
    const crowds = sizes.slice(1).map((size, at) => Math.min(MANY, Math.max(size, sizes[at])) / MANY);
    const least = crowds.map((crowd) => GAP + WIRES_GAP * crowd);
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((so, number) => so + number, 0);
    const rows = chooseRows(sizes, sum(least), aspect);
    const folds = sizes.map((size) => Math.max(1, Math.ceil(size / rows)));
    const inFolds = sum(folds.map((fold) => fold - 1)) * FOLD;
    const tallest = Math.min(rows, Math.max(1, ...sizes));
    // What room there is goes to where wires are.
    const more = Math.max(0, tallest * ROW * aspect - inFolds - sum(least)) / Math.max(0.001, sum(crowds));
    const gaps = least.map((gap, at) => Math.min(WIDEST_GAP, gap + more * crowds[at]));
    const width = inFolds + sum(gaps);
    const row = clamp(width / aspect / tallest, ROW, HIGHEST_ROW);
    const height = tallest * row;
    const [x, y] = [new Float32Array(rank.length).fill(FAR), new Float32Array(rank.length).fill(FAR)];
    const column = new Uint32Array(rank.length);
    const placed = new Uint8Array(rank.length);
    let left = 0;
    columns.forEach((nodes, which) => {
        const lines = Math.ceil(nodes.length / folds[which]);
        // A short column is spread, at most so that one still sees that it is one.
        const pitch = clamp(height / Math.max(1, lines), row, 2 * row);
        // Neighbours in a fold are a little apart, so that wires come between.
        const shift = pitch / folds[which];
        const top = (height - (lines - 1) * pitch - (folds[which] - 1) * shift) / 2;
        nodes.forEach((node, at) => {
            const fold = at % folds[which];
            x[node] = left + fold * FOLD;
            y[node] = top + Math.floor(at / folds[which]) * pitch + fold * shift;
            column[node] = which;
            placed[node] = 1;
        });
        left += (folds[which] - 1) * FOLD + (gaps[which] ?? 0);
    });
    const room = Math.min(row, ...gaps, inFolds > 0 ? FOLD : Infinity);
    straighten(columns, folds, model, y, row, height);
    return { x, y, width, height: Math.max(height, ROW), column, placed, room };
}

/**
 * Moves gates of unfolded columns towards what they read, in their order.
 * @param {Uint32Array[]} columns
 * @param {number[]} folds
 * @param {Model} model
 * @param {Float32Array} y
 * @param {number} row
 * @param {number} height
 */
function straighten(columns, folds, model, y, row, height) {
    for (let at = 1; at < columns.length - 1; at += 1) {
        const nodes = columns[at];
        if (folds[at] > 1) continue;
        for (const node of nodes) {
            const operands = model.operands(node);
            if (operands.length === 0) continue;
            const mean = operands.reduce((sum, operand) => sum + y[operand], 0) / operands.length;
            y[node] = 0.35 * y[node] + 0.65 * mean;
        }
        // Down with room between, then up from the bottom again.
        let least = 0;
        for (const node of nodes) {
            y[node] = Math.max(y[node], least);
            least = y[node] + row;
        }
        let most = height;
        for (let back = nodes.length - 1; back >= 0; back -= 1) {
            y[nodes[back]] = Math.min(y[nodes[back]], most);
            most = y[nodes[back]] - row;
        }
    }
}

/**
 * The most rows of a column with which the whole is most like the view.
 * @param {number[]} sizes
 * @param {number} gaps between columns, in all
 * @param {number} aspect
 */
function chooseRows(sizes, gaps, aspect) {
    const tallest = Math.max(1, ...sizes);
    let [best, least] = [tallest, Infinity];
    for (let rows = tallest; ; rows = Math.floor(rows * 0.93)) {
        const folds = sizes.reduce((sum, size) => sum + Math.max(0, Math.ceil(size / rows) - 1), 0);
        const width = folds * FOLD + gaps;
        const off = Math.abs(Math.log(width / (rows * ROW) / aspect));
        if (off < least - 0.02) [best, least] = [rows, off];
        if (rows <= LEAST_ROWS) return best;
    }
}

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
    return Math.max(least, Math.min(most, value));
}
