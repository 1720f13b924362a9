// The sixteen operations of two bits: names, symbols and shapes. The four binary digits of
// an operation's number, high to low, are its output for (a, b) = (0,0), (0,1), (1,0), (1,1).

/**
 * Shape of a gate.
 * @typedef {'constant' | 'and' | 'or' | 'xor' | 'wire'} Family
 */

/**
 * @typedef {object} Op
 * @property {string} name
 * @property {string} symbol the operation as an expression
 * @property {Family} family
 * @property {boolean} inverted drawn with a bubble at its output
 * @property {'' | 'a' | 'b'} bubble the operand that is drawn inverted
 */

/** @type {readonly Op[]} */
export const OPS = [
    define('false', '0', 'constant'),
    define('and', 'a ∧ b', 'and'),
    define('a and not b', 'a ∧ ¬b', 'and', false, 'b'),
    define('a', 'a', 'wire'),
    define('b and not a', '¬a ∧ b', 'and', false, 'a'),
    define('b', 'b', 'wire'),
    define('xor', 'a ⊕ b', 'xor'),
    define('or', 'a ∨ b', 'or'),
    define('nor', '¬(a ∨ b)', 'or', true),
    define('xnor', '¬(a ⊕ b)', 'xor', true),
    define('not b', '¬b', 'wire', true),
    define('a or not b', 'a ∨ ¬b', 'or', false, 'b'),
    define('not a', '¬a', 'wire', true),
    define('b or not a', '¬a ∨ b', 'or', false, 'a'),
    define('nand', '¬(a ∧ b)', 'and', true),
    define('true', '1', 'constant'),
];

/**
 * @param {string} name
 * @param {string} symbol
 * @param {Family} family
 * @param {boolean} [inverted]
 * @param {'' | 'a' | 'b'} [bubble]
 * @returns {Op}
 */
function define(name, symbol, family, inverted = false, bubble = '') {
    return { name, symbol, family, inverted, bubble };
}

/**
 * Returns an operation's output, 0 or 1.
 * @param {number} op
 * @param {number} a 0 or 1
 * @param {number} b 0 or 1
 */
export function evaluate(op, a, b) {
    return (op >> (3 - 2 * a - b)) & 1;
}

/**
 * Returns whether the output depends on a.
 * @param {number} op
 */
export function usesA(op) {
    return op >> 2 !== (op & 3);
}

/**
 * Returns whether the output depends on b.
 * @param {number} op
 */
export function usesB(op) {
    return ((op >> 1) & 5) !== (op & 5);
}

/**
 * Returns an operation's truth table.
 * @param {number} op
 * @returns {{ a: number, b: number, out: number }[]} rows from (0, 0) to (1, 1)
 */
export function truthTable(op) {
    return [0, 1, 2, 3].map((row) => {
        const [a, b] = [row >> 1, row & 1];
        return { a, b, out: evaluate(op, a, b) };
    });
}
