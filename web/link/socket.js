// The websocket to the instrument that serves this page. It connects again by
// itself, for as long as it is not closed; it knows nothing of what is said.

/**
 * What a client is connected by: to a server, or to the instrument in the page.
 * @typedef {object} Port
 * @property {(text: string) => void} send a message of the protocol; lost while away
 * @property {() => void} close for good
 * @property {() => void} [well] its client is welcome: what breaks now is tried again soon
 */

/**
 * @typedef {object} Listener
 * @property {(data: string | ArrayBuffer) => void} onmessage JSON, or a binary frame
 * @property {() => void} onopen whenever there is a connection, again after a break
 * @property {(reason: string) => void} onclose whenever there is none any more, or
 *   not yet; why, in plain words
 */

/** From the first attempt to connect again to the next, doubled each time. */
const FIRST_MILLISECONDS = 250;
const MOST_MILLISECONDS = 5000;
/** So that pages do not come all at once: by this part of the wait, more or less. */
const SPREAD = 0.3;
/** No answer for so long: it is not there. Who is welcome is told something five times
 * a second; a cable that was pulled says nothing, and closes nothing. */
const PATIENCE_MILLISECONDS = 5000;

/**
 * How long to wait before an attempt.
 * @param {number} attempt 0 is the first
 * @param {number} chance 0 to 1
 * @returns {number} milliseconds
 */
export function wait(attempt, chance) {
    const middle = Math.min(FIRST_MILLISECONDS * 2 ** attempt, MOST_MILLISECONDS);
    return middle * (1 + SPREAD * (2 * chance - 1));
}

/**
 * Why a socket was closed.
 * @param {number} code of the close event
 * @param {string} reason of the server
 * @param {boolean} opened whether it had been open
 */
export function why(code, reason, opened) {
    if (reason) return reason;
    if (code === 1001 || code === 1012) return 'The instrument was switched off or starts again.';
    if (code === 1008) return 'The instrument does not take this page.';
    if (code === 1013) return 'The instrument has no room for another page.';
    return opened ? 'The connection broke.' : 'The instrument does not answer.';
}

/**
 * Connects, now and again after each break.
 * @param {Listener} listener
 * @param {{ url?: string, Socket?: typeof WebSocket }} [options] for tests
 * @returns {Port}
 */
export function connect(listener, { url = address(), Socket = WebSocket } = {}) {
    let attempt = 0;
    let closed = false;
    /** @type {WebSocket | null} */
    let socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;
    /** Its client was welcomed by the server that it is connected to now. */
    let well = false;

    const open = () => {
        const now = new Socket(url);
        let opened = false;
        let over = false;
        socket = now;
        well = false;
        now.binaryType = 'arraybuffer';
        const wind = () => {
            clearTimeout(patience);
            patience = setTimeout(() => end(0, ''), PATIENCE_MILLISECONDS);
        };
        wind();
        /** @param {number} code @param {string} reason */
        const end = (code, reason) => {
            if (over) return;
            clearTimeout(patience);
            over = true;
            if (socket === now) socket = null;
            now.close();
            if (closed) return;
            listener.onclose(why(code, reason, opened));
            timer = setTimeout(open, wait(attempt, Math.random()));
            attempt += 1;
        };
        now.onopen = () => {
            if (over) return;
            wind();
            opened = true;
            listener.onopen();
        };
        now.onmessage = ({ data }) => {
            if (over) return;
            listener.onmessage(data);
            if (over || closed) return;
            // Who is not welcome yet may be typing a code, and is told nothing meanwhile.
            if (well) wind();
            else clearTimeout(patience);
        };
        now.onclose = ({ code, reason }) => end(code, reason);
    };
    // A page that comes back, or a network that does, need not wait.
    const hurry = () => {
        if (socket || closed) return;
        clearTimeout(timer);
        attempt = 0;
        open();
    };
    globalThis.addEventListener?.('online', hurry);
    open();
    return {
        send(text) {
            if (socket?.readyState === 1) socket.send(text);
        },
        well() {
            well = true;
            attempt = 0;
        },
        close() {
            closed = true;
            clearTimeout(timer);
            clearTimeout(patience);
            globalThis.removeEventListener?.('online', hurry);
            socket?.close();
        },
    };
}

/** The websocket of the server that this page is from. */
function address() {
    const { protocol, host } = location;
    return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`;
}
