// The websocket to the instrument that serves this page. It connects again by
// itself, for as long as it is not closed; it knows nothing of what is said.

/**
 * What a client is connected by: to a server, or to the instrument in the page.
 * @typedef {object} Port
 * @property {(text: string) => void} send a message of the protocol; lost while away
 * @property {() => void} close for good
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
/** No answer for so long: it is not there. */
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

    const open = () => {
        const now = new Socket(url);
        let opened = false;
        let over = false;
        socket = now;
        now.binaryType = 'arraybuffer';
        const patience = setTimeout(() => end(0, ''), PATIENCE_MILLISECONDS);
        /** @param {number} code @param {string} reason */
        const end = (code, reason) => {
            clearTimeout(patience);
            if (over) return;
            over = true;
            if (socket === now) socket = null;
            now.close();
            if (closed) return;
            listener.onclose(why(code, reason, opened));
            timer = setTimeout(open, wait(attempt, Math.random()));
            attempt += 1;
        };
        now.onopen = () => {
            clearTimeout(patience);
            if (over) return;
            opened = true;
            listener.onopen();
        };
        now.onmessage = ({ data }) => {
            if (over) return;
            // What answers is well; one that only opens and closes is waited for longer.
            attempt = 0;
            listener.onmessage(data);
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
        close() {
            closed = true;
            clearTimeout(timer);
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
