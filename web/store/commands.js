// The commands that change the instrument, from instrument::commands::TABLE.
// Written by `UPDATE_PICTURES=1 cargo test --test documents commands`.

/**
 * @typedef {object} Command
 * @property {'edit' | 'unsaved' | 'history' | 'view'} effect
 *     edit: part of a snapshot; unsaved: an edit that snapshots do not hold; history: an edit
 *     that needs the history of undo; view: no edit
 * @property {boolean} idempotent giving it twice is as good as giving it once
 */

/** By type of message. @type {Record<string, Command>} */
export const COMMANDS = {
    'swap': { effect: 'edit', idempotent: false },
    'choose': { effect: 'edit', idempotent: true },
    'random': { effect: 'edit', idempotent: true },
    'mutate': { effect: 'edit', idempotent: false },
    'rewire': { effect: 'edit', idempotent: true },
    'paint': { effect: 'edit', idempotent: true },
    'clear': { effect: 'edit', idempotent: true },
    'add-layer': { effect: 'edit', idempotent: false },
    'remove-layer': { effect: 'edit', idempotent: false },
    'choose-layer': { effect: 'edit', idempotent: true },
    'strength': { effect: 'edit', idempotent: true },
    'undo': { effect: 'history', idempotent: false },
    'redo': { effect: 'history', idempotent: false },
    'set': { effect: 'edit', idempotent: true },
    'control': { effect: 'edit', idempotent: true },
    'connect': { effect: 'edit', idempotent: true },
    'midi': { effect: 'view', idempotent: false },
    'notes-off': { effect: 'view', idempotent: true },
    'learn-midi': { effect: 'view', idempotent: false },
    'forget-midi': { effect: 'view', idempotent: true },
    'play': { effect: 'unsaved', idempotent: true },
    'seek': { effect: 'unsaved', idempotent: true },
    'show': { effect: 'view', idempotent: true },
    'learn': { effect: 'view', idempotent: false },
    'save-preset': { effect: 'unsaved', idempotent: true },
    'replace-preset': { effect: 'unsaved', idempotent: true },
    'recall-preset': { effect: 'edit', idempotent: true },
    'delete-preset': { effect: 'unsaved', idempotent: true },
    'restore-preset': { effect: 'unsaved', idempotent: false },
    'load': { effect: 'edit', idempotent: true },
    'restore': { effect: 'edit', idempotent: true },
    'resume': { effect: 'edit', idempotent: true },
};
