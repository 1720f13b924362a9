// Computes the positions of nodes: layers in columns from left to right, ordered to reduce
// wire crossings. Deterministic for a network and aspect ratio. Work is bounded and done in
// steps, so that a large network does not block the page.

/** @import { Model } from './model.js' */

/**
 * Positions of all nodes, then of all outputs, in gate widths.
 * @typedef {object} Layout
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {number} width
 * @property {number} height
 * @property {Uint32Array} column by node and output
 * @property {Uint8Array} placed by node and output: 0 if it is left out, at FAR
 * @property {number} room smallest distance between gates
 */

/** Position of nodes that are left out. */
export const FAR = -1e6;

/** Distance between rows, and between the folds of a column, in gate widths. */
const ROW = 1.25;
const FOLD = 1.45;
/** Distance between columns: minimum, addition where columns are long, rows of a long column, maximum. */
const GAP = 1.5;
const WIRES_GAP = 0.9;
const MANY = 24;
const WIDEST_GAP = 11;
const HIGHEST_ROW = 9;
/** Columns are never folded to fewer rows. */
const LEAST_ROWS = 24;
/** Above this number of layers, layers share columns. */
const MOST_COLUMNS = 256;
/** Wires visited while ordering: larger networks get fewer sweeps. */
const WORK = 150_000;
const MOST_SWEEPS = 10;

/**
 * Computes a layout at once.
 * @param {Model} model
 * @param {number} [aspect] width of the view by its height
 * @param {boolean} [withDead] include gates that no output depends on
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
 * Computes a layout in steps of a few milliseconds at most.
 * @param {Model} model
 * @param {number} [aspect]
 * @param {boolean} [withDead]
 * @returns {Generator<undefined, Layout, undefined>}
 */
export function* layoutInSteps(model, aspect = 1.6, withDead = true) {
    const columns = divide(model, withDead);
    const total = model.nodes + model.outputs.length;
    /** Position in the node's column, 0 to 1. */
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
        // The last sweep orders by operands, as wires come from the left.
        if (sweep === sweeps - 1) break;
        for (let at = last - 1; at > 0; at -= 1) {
            order(columns[at], keys, rank, (node) => model.readersOf(node));
            yield;
        }
    }
    return place(columns, model, rank, aspect);
}

/**
 * Divides nodes into columns: inputs, layers, outputs.
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
    // The longer of two columns sets their distance, so that rows of single gates stay close.
    const crowds = sizes.slice(1).map((size, at) => Math.min(MANY, Math.max(size, sizes[at])) / MANY);
    const least = crowds.map((crowd) => GAP + WIRES_GAP * crowd);
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((so, number) => so + number, 0);
    const rows = chooseRows(sizes, sum(least), aspect);
    const folds = sizes.map((size) => Math.max(1, Math.ceil(size / rows)));
    const inFolds = sum(folds.map((fold) => fold - 1)) * FOLD;
    const tallest = Math.min(rows, Math.max(1, ...sizes));
    // Spare width goes where the wires are.
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
        // Spread short columns, but keep them recognisable as columns.
        const pitch = clamp(height / Math.max(1, lines), row, 2 * row);
        // Offset the folds, so that wires pass between their gates.
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
 * Moves gates of unfolded columns towards their operands, keeping their order.
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
        // Push gates apart downwards, then back up from the bottom.
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
 * Chooses the number of rows whose layout is closest to the view's aspect ratio.
 * @param {number[]} sizes
 * @param {number} gaps sum of the distances between columns
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
