// The websocket to the instrument that serves this page. Reconnects with exponential
// backoff until it is closed; does not interpret messages.

/**
 * A way to send messages: to a server, or to the instrument in the page.
 * @typedef {object} Port
 * @property {(text: string) => void} send sends a message; dropped while disconnected
 * @property {() => void} close closes for good
 * @property {() => void} [welcomed] tells the port that the instrument has welcomed its
 *   client: after the next break it reconnects soon
 */

/**
 * @typedef {object} Listener
 * @property {(data: string | ArrayBuffer) => void} onmessage JSON, or a binary frame
 * @property {() => void} onopen called after each connect and reconnect
 * @property {(reason: string) => void} onclose called after each break and failed attempt,
 *   with a sentence for the player
 */

/** Delay before the first attempt to reconnect; doubled for each further one. */
const FIRST_DELAY_MILLISECONDS = 250;
const MAX_DELAY_MILLISECONDS = 5000;
/** Random part of the delay, so that pages do not reconnect all at once. */
const JITTER = 0.3;
/** Silence after which a connection counts as broken: a pulled cable closes nothing. The
 * server sends a welcomed client its status five times a second. */
const SILENCE_MILLISECONDS = 5000;

/**
 * Returns the delay before an attempt to reconnect.
 * @param {number} attempt 0 is the first
 * @param {number} random 0 to 1
 * @returns {number} milliseconds
 */
export function retryDelay(attempt, random) {
    const delay = Math.min(FIRST_DELAY_MILLISECONDS * 2 ** attempt, MAX_DELAY_MILLISECONDS);
    return delay * (1 + JITTER * (2 * random - 1));
}

/**
 * Returns a sentence for the player on why a socket was closed.
 * @param {number} code of the close event
 * @param {string} reason of the server
 * @param {boolean} opened true if the socket had been open
 */
export function closeReason(code, reason, opened) {
    if (reason) return reason;
    if (code === 1001 || code === 1012) return 'The instrument is switched off or restarting.';
    if (code === 1008) return 'The instrument does not accept this page.';
    if (code === 1013) return 'The instrument has no room for another page.';
    return opened ? 'The connection broke.' : 'The instrument does not answer.';
}

/**
 * Connects, and reconnects after each break.
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
    let retryTimer;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let silenceTimer;
    /** True once the server of this connection has welcomed the client. */
    let welcomed = false;

    const open = () => {
        const current = new Socket(url);
        let opened = false;
        let over = false;
        socket = current;
        welcomed = false;
        current.binaryType = 'arraybuffer';
        const restartSilenceTimer = () => {
            clearTimeout(silenceTimer);
            silenceTimer = setTimeout(() => end(0, ''), SILENCE_MILLISECONDS);
        };
        restartSilenceTimer();
        /** @param {number} code @param {string} reason */
        const end = (code, reason) => {
            if (over) return;
            clearTimeout(silenceTimer);
            over = true;
            if (socket === current) socket = null;
            current.close();
            if (closed) return;
            listener.onclose(closeReason(code, reason, opened));
            retryTimer = setTimeout(open, retryDelay(attempt, Math.random()));
            attempt += 1;
        };
        current.onopen = () => {
            if (over) return;
            restartSilenceTimer();
            opened = true;
            listener.onopen();
        };
        current.onmessage = ({ data }) => {
            if (over) return;
            listener.onmessage(data);
            if (over || closed) return;
            // The server sends nothing while the player types a pairing code.
            if (welcomed) restartSilenceTimer();
            else clearTimeout(silenceTimer);
        };
        current.onclose = ({ code, reason }) => end(code, reason);
    };
    // Once the computer is online again, waiting any longer is pointless.
    const retryNow = () => {
        if (socket || closed) return;
        clearTimeout(retryTimer);
        attempt = 0;
        open();
    };
    globalThis.addEventListener?.('online', retryNow);
    open();
    return {
        send(text) {
            if (socket?.readyState === 1) socket.send(text);
        },
        welcomed() {
            welcomed = true;
            attempt = 0;
        },
        close() {
            closed = true;
            clearTimeout(retryTimer);
            clearTimeout(silenceTimer);
            globalThis.removeEventListener?.('online', retryNow);
            socket?.close();
        },
    };
}

/** Returns the websocket address of the server that this page came from. */
function address() {
    const { protocol, host } = location;
    return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`;
}
