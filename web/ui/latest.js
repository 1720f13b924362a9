// Throttles for values that change fast.

/**
 * Returns a function that sends values one at a time. Of the values that arrive during a
 * send, only the last is sent next.
 * @template T
 * @param {(value: T) => Promise<unknown>} send
 * @returns {((value: T) => void) & { busy: () => boolean }}
 */
export function latest(send) {
    /** @type {{ value: T } | null} */
    let next = null;
    let sending = false;
    const run = async () => {
        sending = true;
        while (next) {
            const { value } = next;
            next = null;
            await send(value).catch(() => {});
        }
        sending = false;
    };
    return Object.assign(
        (/** @type {T} */ value) => {
            next = { value };
            if (!sending) void run();
        },
        { busy: () => sending },
    );
}

/**
 * Returns a function that calls after a pause in its calls.
 * @param {number} milliseconds
 * @param {() => void} call
 * @returns {() => void}
 */
export function debounce(milliseconds, call) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(call, milliseconds);
    };
}
