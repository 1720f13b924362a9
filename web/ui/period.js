// The whole period as a picture: columns and times, there and back.

/**
 * The column in which a time lies.
 * @param {number} t network samples, any
 * @param {number} period in samples
 * @param {number} columns
 * @returns {number} with its fraction, 0 to below columns
 */
export function columnOf(t, period, columns) {
    return ((((t % period) + period) % period) / period) * columns;
}

/**
 * The first time of a column, in the period that `t` is in now, so that a seek does
 * not jump over others.
 * @param {number} column 0 to columns
 * @param {number} period
 * @param {number} columns
 * @param {number} t now
 */
export function timeOf(column, period, columns, t) {
    const within = Math.floor((Math.max(0, Math.min(columns, column)) / columns) * period);
    const start = Math.floor(t / period) * period;
    const time = start + Math.min(within, period - 1);
    return time < 2 ** 32 ? time : Math.min(within, period - 1);
}

/**
 * Runs of columns that are alike.
 * @param {boolean[]} changed
 * @returns {[number, number][]} first and after last of each run that is true
 */
export function runs(changed) {
    /** @type {[number, number][]} */
    const all = [];
    changed.forEach((is, i) => {
        if (!is) return;
        const last = all.at(-1);
        if (last?.[1] === i) last[1] = i + 1;
        else all.push([i, i + 1]);
    });
    return all;
}

/**
 * The share of a period that is changed, in percent, rounded up so that 0 is none.
 * @param {boolean[]} changed
 */
export function changedPercent(changed) {
    const count = changed.filter(Boolean).length;
    return changed.length ? Math.ceil((100 * count) / changed.length) : 0;
}
