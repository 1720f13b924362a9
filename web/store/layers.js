// Applies changed bends to the layers, so that a stroke does not cost a message with all bends.

/** @import { Layer } from '../types/Layer' */
/** @import { LayerChange } from '../types/LayerChange' */
/** @import { Layers } from '../types/Layers' */

/**
 * Returns the layers after changes of their bends.
 * @param {Layers} layers not modified
 * @param {LayerChange[]} changes
 * @returns {Layers}
 */
export function changed(layers, changes) {
    const list = [...layers.layers];
    for (const { layer, bends } of changes) list[layer] = { ...list[layer], bends: merged(list[layer].bends, bends) };
    return { ...layers, layers: list };
}

/**
 * Merges changes into bends; both are ordered by node.
 * @param {Layer['bends']} bends
 * @param {LayerChange['bends']} changes
 */
function merged(bends, changes) {
    /** @type {Layer['bends']} */
    const result = [];
    let next = 0;
    for (const [node, bend, counts] of changes) {
        while (next < bends.length && bends[next][0] < node) result.push(bends[next++]);
        if (next < bends.length && bends[next][0] === node) next += 1;
        if (bend !== null) result.push([node, bend, counts]);
    }
    while (next < bends.length) result.push(bends[next++]);
    return result;
}
