// The network that plays, described once for all panels.

import { describe } from '../ui/network-file.js';

/** @import { State } from '../types/State' */
/** @import { Signal } from '../ui/signals.js' */

/**
 * @typedef {object} Playing
 * @property {string} name
 * @property {string} description
 * @property {string} source the expression it was compiled from; may be any text
 * @property {Signal[]} signals
 * @property {number} bits of t that it reads
 * @property {boolean} hears true if it reads sound
 * @property {number} sampleBits
 * @property {number} gates
 * @property {number} rate samples a second at speed 1
 * @property {number} place in the library; -1 if it is not one of its networks
 */

/**
 * Describes what plays.
 * @param {State} state
 * @returns {Playing}
 */
export function playing({ network, library, transport }) {
    const { rate, ...about } = describe(network?.file);
    // The library's place is also that of the network which a changed one was made from.
    const { names = [], place = -1 } = library ?? {};
    return { ...about, rate: transport?.rate || rate, place: names[place] === about.name ? place : -1 };
}
