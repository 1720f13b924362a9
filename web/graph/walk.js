// Navigation with arrow keys: along wires, and up and down a column.

/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */

/**
 * Returns the node that an arrow key leads to.
 * @param {Model} model
 * @param {Layout} layout
 * @param {number} from
 * @param {string} key an arrow key
 * @param {boolean} other take the last operand or reader instead of the first
 * @returns {number | null}
 */
export function step(model, layout, from, key, other) {
    const seen = (/** @type {number} */ node) => layout.placed[node] === 1;
    if (key === 'ArrowLeft') return model.operands(from).filter(seen).at(other ? -1 : 0) ?? null;
    if (key === 'ArrowRight') return model.readersOf(from).filter(seen).at(other ? -1 : 0) ?? null;
    const down = key === 'ArrowDown' ? 1 : -1;
    /** @type {number | null} */
    let found = null;
    let least = Infinity;
    for (let node = 0; node < model.nodes; node += 1) {
        // The nearest node above or below, with sideways distance in a folded column weighted.
        if (!seen(node) || layout.column[node] !== layout.column[from]) continue;
        const off = (layout.y[node] - layout.y[from]) * down;
        const far = off + 3 * Math.abs(layout.x[node] - layout.x[from]);
        if (off > 0.001 && far < least) [found, least] = [node, far];
    }
    return found;
}
