// The token of the last pairing, kept by the browser so that a reload does not ask for the code.

const KEY = 'gatebend-token';

/** Returns the token that was kept; undefined without one, or without local storage. */
export function keptToken() {
    try {
        return localStorage.getItem(KEY) ?? undefined;
    } catch {
        return undefined;
    }
}

/** Keeps a token, or forgets it. @param {string | undefined} token */
export function keepToken(token) {
    try {
        if (token === undefined) localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, token);
    } catch {
        // Without local storage, every reload asks for the code.
    }
}
