// The visible part of the layout, and an index of nodes by position.

/** @import { Layout } from './layout.js' */

/** Margins of the fitted layout, which hold the names, in CSS pixels. */
const MARGIN = { left: 44, right: 58, top: 14, bottom: 14 };
/** Largest size of a gate, in CSS pixels. */
const LARGEST = 120;
/** Margin around a revealed node, in CSS pixels. */
const ROOM = 60;
/** Side of a cell of the index, in gate widths. */
const CELL = 4;

/** The part of the plane that is visible in an element of `width` by `height` CSS pixels. */
export class View {
    constructor() {
        this.width = 1;
        this.height = 1;
        /** Width of a gate, in CSS pixels. */
        this.scale = 10;
        /** Position of the plane's origin in the element, in CSS pixels. */
        this.x = 0;
        this.y = 0;
        /** Smallest scale. */
        this.least = 1;
    }

    /** Width by height within the margins; a default while the element has no size. */
    get aspect() {
        const [wide, high] = this.inner();
        return this.width < 2 ? 1.6 : Math.max(0.4, Math.min(3.5, wide / high));
    }

    inner() {
        const { left, right, top, bottom } = MARGIN;
        return [Math.max(this.width - left - right, 20), Math.max(this.height - top - bottom, 20)];
    }

    /** Shows a whole layout. @param {Layout} layout */
    fit(layout) {
        const { left, top } = MARGIN;
        const [wide, high] = this.inner();
        // Half of a gate at the edge lies outside the layout.
        this.scale = Math.min(wide / (layout.width + 1), high / (layout.height + 1), LARGEST / 2);
        this.least = this.scale / 2;
        this.x = left + (wide - layout.width * this.scale) / 2;
        this.y = top + (high - layout.height * this.scale) / 2;
    }

    /**
     * Zooms about a pixel.
     * @param {number} factor
     * @param {number} [x] pixels
     * @param {number} [y] pixels
     */
    zoom(factor, x = this.width / 2, y = this.height / 2) {
        const scale = Math.max(Math.min(this.least, LARGEST), Math.min(LARGEST, this.scale * factor));
        const by = scale / this.scale;
        this.x = x - (x - this.x) * by;
        this.y = y - (y - this.y) * by;
        this.scale = scale;
    }

    /** @param {number} dx pixels @param {number} dy pixels */
    pan(dx, dy) {
        this.x += dx;
        this.y += dy;
    }

    /** @param {number} x @param {number} y pixels @returns {[number, number]} in the plane */
    toPlane(x, y) {
        return [(x - this.x) / this.scale, (y - this.y) / this.scale];
    }

    /** @param {number} x @param {number} y in the plane @returns {[number, number]} pixels */
    toPixels(x, y) {
        return [x * this.scale + this.x, y * this.scale + this.y];
    }

    /**
     * Moves the view so that a position is visible.
     * @param {number} x in the plane
     * @param {number} y in the plane
     */
    reveal(x, y) {
        const [px, py] = this.toPixels(x, y);
        const [sx, sy] = [Math.min(ROOM, this.width / 3), Math.min(ROOM, this.height / 3)];
        this.x += Math.max(0, sx - px) - Math.max(0, px - (this.width - sx));
        this.y += Math.max(0, sy - py) - Math.max(0, py - (this.height - sy));
    }
}

/** Finds nodes by position. */
export class Index {
    /** @param {Layout} layout @param {number} nodes number of nodes to index */
    constructor(layout, nodes) {
        this.layout = layout;
        /** @type {Map<number, number[]>} */
        this.cells = new Map();
        for (let node = 0; node < nodes; node += 1) {
            if (!layout.placed[node]) continue;
            const key = cell(layout.x[node], layout.y[node]);
            const there = this.cells.get(key);
            if (there) there.push(node);
            else this.cells.set(key, [node]);
        }
    }

    /**
     * Returns the nearest node.
     * @param {number} x
     * @param {number} y
     * @param {number} within largest distance, in gate widths
     * @returns {number | null}
     */
    nearest(x, y, within) {
        /** @type {number | null} */
        let found = null;
        let least = within * within;
        for (const node of this.inBox(x - within, y - within, x + within, y + within)) {
            const off = (this.layout.x[node] - x) ** 2 + (this.layout.y[node] - y) ** 2;
            if (off <= least) [found, least] = [node, off];
        }
        return found;
    }

    /**
     * Returns all nodes near a line between two points.
     * @param {number} x0
     * @param {number} y0
     * @param {number} x1
     * @param {number} y1
     * @param {number} within
     * @returns {number[]} ascending
     */
    along(x0, y0, x1, y1, within) {
        const [dx, dy] = [x1 - x0, y1 - y0];
        const length = dx * dx + dy * dy;
        const box = this.inBox(
            Math.min(x0, x1) - within, Math.min(y0, y1) - within,
            Math.max(x0, x1) + within, Math.max(y0, y1) + within,
        );
        return box.filter((node) => {
            const [px, py] = [this.layout.x[node] - x0, this.layout.y[node] - y0];
            const part = length === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length));
            return (px - part * dx) ** 2 + (py - part * dy) ** 2 <= within * within;
        });
    }

    /**
     * Returns all nodes in a box.
     * @param {number} left
     * @param {number} top
     * @param {number} right
     * @param {number} bottom
     * @returns {number[]} ascending
     */
    inBox(left, top, right, bottom) {
        const { x, y, width, height } = this.layout;
        const found = [];
        const [from, to] = [Math.floor(Math.max(left, 0) / CELL), Math.floor(Math.min(right, width + CELL) / CELL)];
        const [high, low] = [Math.floor(Math.max(top, 0) / CELL), Math.floor(Math.min(bottom, height + CELL) / CELL)];
        for (let column = from; column <= to; column += 1) {
            for (let row = high; row <= low; row += 1) {
                for (const node of this.cells.get(column * STRIDE + row) ?? []) {
                    if (x[node] >= left && x[node] <= right && y[node] >= top && y[node] <= bottom) found.push(node);
                }
            }
        }
        return found.sort((one, other) => one - other);
    }
}

/** Difference between the keys of two columns; more than the rows of any layout. */
const STRIDE = 1 << 20;

/** @param {number} x @param {number} y */
function cell(x, y) {
    return Math.floor(Math.max(0, x) / CELL) * STRIDE + Math.floor(Math.max(0, y) / CELL);
}
