// Of many that come fast, the newest: one is under way at a time, and of those that
// come meanwhile only the last one goes next.

/**
 * @template T
 * @param {(value: T) => Promise<unknown>} send
 * @returns {((value: T) => void) & { busy: () => boolean }}
 */
export function latest(send) {
    /** @type {{ value: T } | null} */
    let next = null;
    let under = false;
    const go = async () => {
        under = true;
        while (next) {
            const { value } = next;
            next = null;
            await send(value).catch(() => {});
        }
        under = false;
    };
    return Object.assign(
        (/** @type {T} */ value) => {
            next = { value };
            if (!under) void go();
        },
        { busy: () => under },
    );
}

/**
 * After it was quiet for a while.
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
