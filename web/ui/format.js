// Formats values, numbers, times and errors for people.

/** @import { Parameter } from '../types/Parameter' */
/** @import { Signal } from './signals.js' */

/**
 * Formats a parameter's value with its unit, as the instrument's display does.
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
 * Separates groups of three digits.
 * @param {number} number
 */
export function groupDigits(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/**
 * Describes the size of a network and what it reads: `452 gates for 18 bits of t and 8 of in`.
 * @param {{ gates: number, signals: Signal[] }} network
 */
export function formatSize({ gates, signals }) {
    const parts = signals.map(({ name, bits }, i) => `${bits}${i > 0 ? '' : bits === 1 ? ' bit' : ' bits'} of ${name}`);
    const last = parts.pop();
    const reads = parts.length > 0 ? `${parts.join(', ')} and ${last}` : last;
    return `${groupDigits(gates)} ${gates === 1 ? 'gate' : 'gates'} for ${reads}`;
}

/**
 * Formats a time as minutes, seconds and hundredths.
 * @param {number} seconds
 */
export function formatTime(seconds) {
    const hundredths = Math.floor(seconds * 100);
    const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
    const minutes = Math.floor(hundredths / 6000);
    return `${minutes}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
}

/**
 * Splits an expression at an error.
 * @param {string} text
 * @param {number} at in characters (code points) from the start
 * @returns {{ before: string, wrong: string, after: string }} `wrong` is
 *   never empty: it is a space at the end
 */
export function splitAtError(text, at) {
    const characters = [...text];
    return {
        before: characters.slice(0, at).join(''),
        wrong: characters[at] ?? '\u00a0',
        after: characters.slice(at + 1).join(''),
    };
}

/** Longest text that need not be quoted, and the characters quoted around a place in it. */
const LONG = 200;
const BEFORE = 40;
const AFTER = 20;

/**
 * Returns the surroundings of an error in a long expression, as the end of a sentence.
 * @param {string} text
 * @param {number} at in characters (code points) from the start
 */
export function quotedAt(text, at) {
    const characters = [...text];
    if (characters.length <= LONG) return '';
    const [start, end] = [Math.max(0, at - BEFORE), at + AFTER];
    const part = characters.slice(start, end).join('');
    return `, in “${start > 0 ? '…' : ''}${part}${end < characters.length ? '…' : ''}”`;
}

/**
 * Makes a sentence of a reason.
 * @param {string} reason
 * @param {string} [own] the player's text that the reason is about: its words stay as they are
 */
export function sentence(reason, own = '') {
    const word = /^[^\s,;:]+/.exec(reason)?.[0] ?? '';
    const text = word && own.startsWith(word) ? reason : reason.charAt(0).toUpperCase() + reason.slice(1);
    return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * Returns a file name for a network, without extension.
 * @param {string} name
 */
export function fileName(name) {
    return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || 'network';
}
