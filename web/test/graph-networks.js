// Networks for tests of the graph.

/**
 * Returns a network's file.
 * @param {number} inputs
 * @param {unknown[]} layers gates of each layer
 * @param {number[]} outputs
 * @param {object} [more] further fields
 */
export function networkOf(inputs, layers, outputs, more = {}) {
    return JSON.stringify({
        format: 'gatebend-network', version: 1, name: 'a test', inputs,
        layers: layers.map((gates) => ({ gates })), outputs, ...more,
    });
}

/**
 * Returns the file of a network whose gates read the layer before at random. The same seed
 * gives the same network.
 * @param {{ inputs?: number, layers?: number, each?: number, seed?: number }} shape
 */
export function randomNetwork({ inputs = 16, layers = 4, each = 50, seed = 1 }) {
    let state = seed;
    const random = (/** @type {number} */ below) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
    let [from, end] = [0, inputs];
    const made = Array.from({ length: layers }, () => {
        const gates = Array.from({ length: each }, () => {
            const near = random(end - from);
            const width = Math.min(end - from, 24);
            return [1 + random(14), from + near, from + ((near + random(width)) % (end - from))];
        });
        [from, end] = [end, end + each];
        return gates;
    });
    return networkOf(inputs, made, Array.from({ length: Math.min(8, each) }, (_, at) => end - 1 - at), { name: 'at random' });
}
