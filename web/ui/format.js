// Numbers in words: parameters, times, places in a text.

/** @import { Parameter } from '../types/Parameter' */

/**
 * A parameter's value with its unit, as the instrument's display says it.
 * @param {Parameter} parameter
 * @param {number} value
 */
export function formatValue(parameter, value) {
    const { choices, named, decimals, unit } = parameter;
    if (choices.length > 0) return choices[value] ?? String(value);
    if (named && named[0] === value) return named[1];
    const digits = (value / 10 ** decimals).toFixed(decimals).replace('-', '\u2212');
    return `${digits}${unit.length > 1 ? '\u202f' : ''}${unit}`;
}

/**
 * A number in groups of three digits.
 * @param {number} number
 */
export function groupDigits(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/**
 * Seconds as minutes, seconds, and hundredths.
 * @param {number} seconds
 */
export function formatTime(seconds) {
    const hundredths = Math.floor(seconds * 100);
    const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
    const minutes = Math.floor(hundredths / 6000);
    return `${minutes}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
}

/**
 * An expression, cut where it is wrong.
 * @param {string} text
 * @param {number} at in characters from its start, as {@link ServerMessage} counts them
 * @returns {{ before: string, wrong: string, after: string }} `wrong` is never empty: at
 *   the end, it is a space
 */
export function splitAtError(text, at) {
    const characters = [...text];
    return {
        before: characters.slice(0, at).join(''),
        wrong: characters[at] ?? '\u00a0',
        after: characters.slice(at + 1).join(''),
    };
}

/**
 * A name as a file's.
 * @param {string} name
 */
export function fileName(name) {
    return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || 'network';
}
