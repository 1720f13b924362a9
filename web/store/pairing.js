// The pairing code that was right, kept by the browser so that a reload does not ask again.

const KEY = 'gatebend-code';

/** Returns the code that was kept; undefined without one, or without local storage. */
export function keptCode() {
    try {
        return localStorage.getItem(KEY) ?? undefined;
    } catch {
        return undefined;
    }
}

/** Keeps a code, or forgets it. @param {string | undefined} code */
export function keepCode(code) {
    try {
        if (code === undefined) localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, code);
    } catch {
        // Without local storage, every reload asks for the code.
    }
}
