// A control for a parameter: a slider, buttons or a menu, by the parameter's kind.

import { h, on } from '../ui/dom.js';
import { latest } from '../ui/latest.js';
import { formatValue } from '../ui/format.js';
import { inWords } from '../ui/words.js';

/** @import { Store } from '../store/store.js' */
/** @import { Parameter } from '../types/Parameter' */

/** Most choices that fit side by side. */
const MAX_SEGMENTS = 3;

/**
 * @param {Store} store
 * @param {Parameter} row
 * @param {string} prefix of ids, since a parameter may have several controls
 * @returns {{ element: HTMLElement, draw: () => void }} `draw` shows the current value
 */
export function control(store, row, prefix) {
    const id = `${prefix}-${row.key}`;
    const set = latest((/** @type {number} */ value) => store.attempt({ type: 'set', key: row.key, value }));
    const value = () => store.value(row.key);
    const { name, choices } = inWords(row);
    const about = h('span', { id: `${id}-about`, class: 'sr' }, row.about);
    if (choices.length > MAX_SEGMENTS) {
        const select = h('select', {
            id, 'aria-describedby': about.id, onchange: () => set(select.selectedIndex),
        }, ...choices.map((word) => h('option', {}, word)));
        return {
            element: h('div', { class: 'control', title: row.about }, h('label', { for: id }, name), select, about),
            draw: () => { if (!set.busy()) select.selectedIndex = value(); },
        };
    }
    if (choices.length > 0) {
        const buttons = choices.map((word, i) => h('button', {
            type: 'button', role: 'radio', onclick: () => set(i), onkeydown: selectByArrow,
        }, word));
        return {
            element: h('div', { class: 'control', title: row.about },
                h('span', { id: `${id}-name` }, name),
                h('div', { id, class: 'segments', role: 'radiogroup', 'aria-labelledby': `${id}-name`, 'aria-describedby': about.id }, ...buttons),
                about),
            draw: () => buttons.forEach((button, i) => {
                button.setAttribute('aria-checked', String(i === value()));
                button.tabIndex = i === value() ? 0 : -1;
            }),
        };
    }
    const range = h('input', {
        id, type: 'range', min: String(row.min), max: String(row.max), step: '1', 'aria-describedby': about.id,
        oninput: () => set(range.valueAsNumber),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
            const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
            if (steps === undefined) return;
            event.preventDefault();
            range.valueAsNumber = Math.round(range.valueAsNumber / row.step + steps) * row.step;
            set(range.valueAsNumber);
        },
    });
    const shown = h('output', { for: id, class: 'number' });
    return {
        element: h('div', { class: 'control', title: row.about }, h('label', { for: id }, name), range, shown, about),
        draw: () => {
            if (!set.busy()) range.valueAsNumber = value();
            shown.value = formatValue(row, value());
            range.setAttribute('aria-valuetext', shown.value);
        },
    };
}

/** @param {KeyboardEvent} event */
function selectByArrow(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    const all = /** @type {HTMLElement[]} */ ([...button.parentElement?.children ?? []]);
    if (step === undefined || all.length === 0) return;
    event.preventDefault();
    const next = all[(all.indexOf(button) + step + all.length) % all.length];
    next.focus();
    next.click();
}

/**
 * Fills an element with controls of some parameters, once the instrument has described them.
 * @param {Store} store
 * @param {HTMLElement} element
 * @param {string} prefix
 * @param {(row: Parameter) => boolean} wanted
 */
export function controls(store, element, prefix, wanted) {
    /** @type {ReturnType<typeof control>[]} */
    let all = [];
    let table = '';
    on(store, ['welcome'], () => {
        const rows = (store.welcome?.parameters ?? []).filter(wanted);
        // A reconnect must not take the focus away.
        if (table === JSON.stringify(rows)) return;
        table = JSON.stringify(rows);
        all = rows.map((row) => control(store, row, prefix));
        element.replaceChildren(...all.map(({ element: each }) => each));
    });
    on(store, ['parameters', 'welcome'], () => {
        if (store.state.parameters) all.forEach(({ draw }) => draw());
    });
}
