// Words of the page for parameters. The display has less room, and scripts keep their words.

/** @import { Parameter } from '../types/Parameter' */

/** By the key of the parameter; choices in the order of its values. @type {Record<string, { name: string, choices?: string[] }>} */
export const WORDS = {
    rate: { name: 'Sample rate' },
    interpolation: { name: 'Smoothing', choices: ['off', 'on'] },
    input: { name: 'Input gain' },
    bend: { name: 'Force gates to', choices: ['0', '1', 'flip'] },
    hold: { name: 'Hold', choices: ['off', 'on'] },
    radius: { name: 'Finger reach' },
    swap: { name: 'Next network', choices: ['fades in', 'at once'] },
    dead: { name: 'Silent gates' },
    brightness: { name: 'Brightness' },
    blank: { name: 'Off after' },
};

/**
 * Returns the name and the choices of a parameter for people.
 * @param {Parameter} parameter
 * @returns {{ name: string, choices: string[] }}
 */
export function inWords({ key, name, choices }) {
    const words = WORDS[key];
    return { name: words?.name ?? name.charAt(0).toUpperCase() + name.slice(1), choices: words?.choices ?? choices };
}
