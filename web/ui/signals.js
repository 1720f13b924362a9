// The signals that a network's inputs encode, and the channels of its outputs: see **Signals**
// in docs/network-format.md.

/**
 * @typedef {object} Signal
 * @property {string} name as in expressions: `t`, `in`, `in2`, or the name of a control
 * @property {'t' | 'audio' | 'control'} from
 * @property {number} bits
 * @property {Encoding} encoding
 * @property {number} first its first input
 * @property {number} inputs how many it has
 * @property {number} standard position of a control until it is set, 0 to 1
 *
 * @typedef {{ type: string, size: number }} Encoding size: bits of a digit; 0 for one digit
 */

/**
 * Returns the encoding that a file describes.
 * @param {string | { type?: string, digit_bits?: number, groups?: number }} [value]
 * @returns {Encoding}
 */
export function encoding(value) {
    if (typeof value === 'string') return { type: value, size: 0 };
    return { type: value?.type ?? 'binary', size: Number(value?.digit_bits ?? value?.groups ?? 0) };
}

/**
 * Returns the signals of a network, in the order of its inputs.
 * @param {{ inputs: any, input_encoding?: any }} file a network file, parsed
 * @returns {Signal[]}
 */
export function signals({ inputs, input_encoding }) {
    if (!Array.isArray(inputs)) {
        const how = encoding(input_encoding);
        return [{ name: 't', from: 't', bits: bitsOf(inputs, how), encoding: how, first: 0, inputs, standard: 0 }];
    }
    let first = 0;
    return inputs.map(({ from, channel = 0, name, bits, encoding: value, default: standard = 0 }) => {
        const how = encoding(value);
        const signal = {
            name: { t: 't', audio: channel === 0 ? 'in' : 'in2' }[String(from)] ?? String(name),
            from, bits, encoding: how, first, inputs: inputsOf(bits, how), standard,
        };
        first += signal.inputs;
        return signal;
    });
}

/**
 * Returns the outputs of each channel.
 * @param {{ outputs: any }} file a network file, parsed
 * @returns {number[][]}
 */
export function channels({ outputs }) {
    return Array.isArray(outputs?.[0]) ? outputs : [outputs];
}

/** @param {number} bits @param {Encoding} encoding */
function inputsOf(bits, { type, size }) {
    if (type === 'binary' || type === 'gray') return bits;
    const digit = size || bits;
    return Math.round(bits / digit) * (2 ** digit - (type === 'one-hot' ? 0 : 1));
}

/** @param {number} inputs @param {Encoding} encoding */
function bitsOf(inputs, { type, size }) {
    if (type === 'binary' || type === 'gray') return inputs;
    const spare = type === 'one-hot' ? 0 : 1;
    return size ? size * Math.round(inputs / (2 ** size - spare)) : Math.round(Math.log2(inputs + spare));
}
