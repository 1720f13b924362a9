// Converts between times and columns of a picture of the whole period.

/**
 * Returns the column of a time.
 * @param {number} t network samples, any
 * @param {number} period in samples
 * @param {number} columns
 * @returns {number} with a fraction, from 0 to below `columns`
 */
export function columnOf(t, period, columns) {
    return ((((t % period) + period) % period) / period) * columns;
}

/**
 * Returns the first time of a column, within the period around `t`.
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

/** Times from here on lie before 0: the network's time is a number of 32 bits. */
const BEFORE_ZERO = 2 ** 31;

/**
 * Returns the time to show. Time that ran back past 0 counts back from the end of the
 * period, where it sounds the same.
 * @param {number} t
 * @param {number} period
 */
export function shownTime(t, period) {
    return t < BEFORE_ZERO ? t : t % period;
}

/**
 * Groups adjacent true values.
 * @param {boolean[]} changed
 * @returns {[number, number][]} start and end (exclusive) of each run
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
 * Returns the changed part of a period in percent, rounded up, so that 0 means none.
 * @param {boolean[]} changed
 */
export function changedPercent(changed) {
    const count = changed.filter(Boolean).length;
    return changed.length ? Math.ceil((100 * count) / changed.length) : 0;
}
