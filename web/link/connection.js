// The protocol over one port: greets first, then sends requests and matches replies to
// them by their id. Keeps nothing across a break; store/edits.js does.

/** @import { Port, Listener } from './socket.js' */

/** A message to the instrument. @typedef {import('../types/ClientMessage').ClientMessage} ClientMessage */
/** A message from the instrument. @typedef {import('../types/ServerMessage').ServerMessage} ServerMessage */

/** A message that says how far a request is. @typedef {Extract<ServerMessage, { type: 'progress' | 'learning' }>} Progress */

/** Version of the protocol: `VERSION` in src/link/protocol.rs. */
export const VERSION = 1;

/** Longest message that is sent. The server closes connections at 4 MB
 * (src/link/server/mod.rs). */
export const MAX_BYTES = 3_500_000;

/** Time that an instrument has to send its whole state. */
const READY_MILLISECONDS = 10_000;

/** A request that the instrument refused, with the instrument's reason. */
export class Refusal extends Error {
    /**
     * @param {string} reason
     * @param {number} [at] the place in an expression, in characters from its start
     */
    constructor(reason, at) {
        super(reason);
        this.name = 'Refusal';
        this.at = at;
    }
}

/** A request without a reply, because the connection is down: it may be done or not. */
export class Disconnected extends Error {
    /** @param {string} reason */
    constructor(reason) {
        super(reason);
        this.name = 'Disconnected';
    }
}

/**
 * `pairing`: the instrument asks for a pairing code. `open`: welcomed. `away`: lost, and
 * tried again. `refused`: for good.
 * @typedef {'connecting' | 'pairing' | 'open' | 'away' | 'refused'} ConnectionState
 */

/**
 * Opens a port.
 * @callback Connect
 * @param {Listener} listener
 * @returns {Port | Promise<Port>}
 */

/**
 * @typedef {object} Handlers
 * @property {(message: ServerMessage) => void} onmessage every message, before a reply
 *   settles its request
 * @property {(data: ArrayBuffer) => void} onframe
 * @property {(state: ConnectionState, reason: string) => void} onstate
 */

export class Connection {
    /** @param {Handlers} handlers */
    constructor(handlers) {
        this.handlers = handlers;
        /** @type {ConnectionState} */
        this.state = 'connecting';
        this.reason = '';
        /** The pairing code that was typed and not answered yet. @type {string | undefined} */
        this.code = undefined;
        /** The instrument's token, which replaces the code. @type {string | undefined} */
        this.token = undefined;
        /** The reason why the last code was refused, or empty. */
        this.refusal = '';
        /** @type {Port | null} */
        this.port = null;
        this.lastId = 0;
        /** Requests without a reply, by id. @type {Map<number, { resolve: (reply: ServerMessage) => void, reject: (problem: Error) => void, onprogress?: (message: Progress) => void }>} */
        this.pending = new Map();
        this.closed = false;
        /** True once the whole state has arrived. */
        this.hasState = false;
        /** The caller of {@link ready}. @type {{ resolve: (_: void) => void, reject: (problem: Error) => void } | null} */
        this.waiter = null;
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        this.timer = undefined;
    }

    /**
     * Opens the port.
     * @param {Connect} connect
     * @throws {Error} if the port cannot be opened
     */
    async begin(connect) {
        let early = false;
        const port = await connect({
            onopen: () => {
                if (this.port) this.greet();
                else early = true;
            },
            onmessage: (data) => this.receive(data),
            onclose: (reason) => this.lost(reason),
        });
        this.port = port;
        if (this.closed) port.close();
        else if (early) this.greet();
    }

    /**
     * Waits until the whole state has arrived. The time limit is suspended while a pairing
     * code is asked for.
     * @returns {Promise<void>}
     * @throws {Error} if the instrument refuses, is lost or does not answer in time
     */
    ready() {
        return new Promise((/** @type {(_: void) => void} */ resolve, reject) => {
            if (this.hasState) return resolve();
            if (this.closed) return reject(new Error('Closed.'));
            this.waiter = { resolve, reject };
            this.restartTimer();
            return undefined;
        }).finally(() => {
            this.waiter = null;
            clearTimeout(this.timer);
        });
    }

    restartTimer() {
        clearTimeout(this.timer);
        if (!this.waiter || this.state === 'pairing') return;
        const { reject } = this.waiter;
        this.timer = setTimeout(() => reject(new Error('The instrument does not answer.')), READY_MILLISECONDS);
    }

    /** @param {string} [code] the pairing code; without a connection, it is sent with the next one */
    greet(code = this.code) {
        this.code = code;
        const { token } = this;
        this.port?.send(JSON.stringify({ type: 'hello', version: VERSION, ...code && { code }, ...token && { token } }));
    }

    /**
     * Sends a request and waits for its reply.
     * @param {ClientMessage} message
     * @param {(message: Progress) => void} [onprogress] called if the reply takes long
     * @returns {Promise<ServerMessage>}
     * @throws {Refusal} with the instrument's reason
     * @throws {Disconnected} if there is no connection, or it breaks before the reply
     */
    request(message, onprogress) {
        if (this.state !== 'open') return Promise.reject(new Disconnected(this.reason || 'Not connected.'));
        const id = (this.lastId += 1);
        const text = JSON.stringify({ id, ...message });
        const bytes = byteLength(text);
        if (bytes > MAX_BYTES) {
            return Promise.reject(new Refusal(`This is too large for the instrument: ${(bytes / 1e6).toFixed(1)} MB, of at most ${MAX_BYTES / 1e6} MB.`));
        }
        this.port?.send(text);
        return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject, onprogress }));
    }

    /**
     * Sends a message that has no reply; dropped unless the connection is open.
     * @param {ClientMessage} message
     */
    send(message) {
        if (this.state === 'open') this.port?.send(JSON.stringify(message));
    }

    /** @param {string} [reason] for the caller of {@link ready} */
    close(reason = 'Closed.') {
        this.closed = true;
        this.port?.close();
        this.waiter?.reject(new Error(reason));
        this.rejectPending('Closed.');
    }

    /** @param {string | ArrayBuffer} data */
    receive(data) {
        if (this.closed) return;
        if (typeof data !== 'string') {
            if (this.state === 'open') this.handlers.onframe(data);
            return;
        }
        /** @type {ServerMessage} */
        let message;
        try {
            message = JSON.parse(data);
        } catch {
            return; // Neither player nor page can do anything about it.
        }
        if (message.type === 'welcome') {
            this.port?.welcomed?.();
            this.code = undefined;
            this.token = message.token;
            this.refusal = '';
            this.setState('open', '');
        }
        if (message.type === 'pairing') {
            this.token = undefined;
            this.setState('pairing', this.refusal);
        }
        if (message.type === 'refused' && this.state !== 'open') {
            this.code = undefined;
            this.refusal = message.reason;
            this.setState(this.state === 'pairing' ? 'pairing' : 'refused', message.reason);
        }
        this.handlers.onmessage(message);
        if (message.type === 'state') {
            this.hasState = true;
            this.waiter?.resolve();
        }
        if (message.type === 'progress' || message.type === 'learning') this.pending.get(message.of)?.onprogress?.(message);
        if (!('id' in message) || message.id === undefined) return;
        const request = this.pending.get(message.id);
        this.pending.delete(message.id);
        if (message.type === 'refused') request?.reject(new Refusal(message.reason, message.at));
        else request?.resolve(message);
    }

    /** @param {string} reason */
    lost(reason) {
        if (this.closed) return;
        // A server closes after it refuses; the reason of the refusal says more.
        if (this.state === 'refused') return;
        this.rejectPending(reason);
        // The player may go on typing a code.
        const isFirst = this.state === 'connecting' || this.state === 'pairing';
        this.setState(isFirst ? this.state : 'away', reason);
    }

    /** @param {string} reason */
    rejectPending(reason) {
        const requests = [...this.pending.values()];
        this.pending.clear();
        for (const { reject } of requests) reject(new Disconnected(reason));
    }

    /** @param {ConnectionState} state @param {string} reason */
    setState(state, reason) {
        this.state = state;
        this.reason = reason;
        this.handlers.onstate(state, reason);
        if (state === 'pairing' || state === 'open') this.restartTimer();
        else this.waiter?.reject(new Error(reason));
    }
}

/** @param {string} text @returns {number} in UTF-8; an estimate for texts far below the limit */
function byteLength(text) {
    // A UTF-16 unit has at most three bytes, so few texts have to be encoded.
    return text.length * 3 > MAX_BYTES ? new TextEncoder().encode(text).length : text.length;
}
