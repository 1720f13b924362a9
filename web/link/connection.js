// What is said over one port: greeting first, then questions and their answers by
// number. It keeps nothing over a break; the store does.

/** @import { Port, Listener } from './socket.js' */

/** A message to the instrument. @typedef {import('../types/Ask').Ask} ClientMessage */
/** A message from the instrument. @typedef {import('../types/Tell').Tell} ServerMessage */

/** The protocol's version: `VERSION` in src/link/protocol.rs. */
export const VERSION = 1;

/** Longest message: the server's limit is 4 MB (src/link/server/mod.rs), and what is
 * longer ends the connection. */
export const MOST_BYTES = 3_500_000;

/** Not greeted for so long: it is given up. */
const PATIENCE_MILLISECONDS = 10_000;

/** What is not done, with the instrument's reason. */
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

/** What is not answered, since the instrument is not there: it may be done or not. */
export class Away extends Error {
    /** @param {string} reason */
    constructor(reason) {
        super(reason);
        this.name = 'Away';
    }
}

/**
 * How it stands: not there yet; a pairing code is wanted; greeted; not there any more,
 * and tried again; refused for good.
 * @typedef {'connecting' | 'pairing' | 'open' | 'away' | 'refused'} Standing
 */

/**
 * Makes a port.
 * @callback Connect
 * @param {Listener} listener
 * @returns {Port | Promise<Port>}
 */

/**
 * @typedef {object} Ears
 * @property {(tell: ServerMessage) => void} ontell all that is told, answers too, before they
 *   are given to who asked
 * @property {(data: ArrayBuffer) => void} onframe
 * @property {(standing: Standing, reason: string) => void} onstanding
 */

/** A conversation over a port. */
export class Connection {
    /** @param {Ears} ears */
    constructor(ears) {
        this.ears = ears;
        /** @type {Standing} */
        this.standing = 'connecting';
        this.reason = '';
        /** @type {string | undefined} */
        this.code = undefined;
        /** @type {Port | null} */
        this.port = null;
        this.ids = 0;
        /** @type {Map<number, { resolve: (tell: ServerMessage) => void, reject: (problem: Error) => void }>} */
        this.waiting = new Map();
        this.closed = false;
        /** It was told the whole state. */
        this.whole = false;
        /** @type {{ wait: () => void, resolve: () => void, reject: (problem: Error) => void } | null} */
        this.waiter = null;
    }

    /**
     * Begins.
     * @param {Connect} connect
     * @throws what the port's own start threw
     */
    async begin(connect) {
        let early = false;
        const port = await connect({
            onopen: () => {
                if (this.port) this.greet();
                else early = true;
            },
            onmessage: (data) => this.receive(data),
            onclose: (reason) => this.broke(reason),
        });
        this.port = port;
        if (this.closed) port.close();
        else if (early) this.greet();
    }

    /**
     * Waits until it is greeted and was told the whole state; for as long as it takes to
     * type, if it wants a pairing code.
     * @returns {Promise<void>}
     * @throws {Error} why that will not be
     */
    opened() {
        return new Promise((resolve, reject) => {
            if (this.whole) return resolve();
            if (this.closed) return reject(new Error('Closed.'));
            /** @type {ReturnType<typeof setTimeout> | undefined} */
            let timer;
            const settle = () => {
                clearTimeout(timer);
                this.waiter = null;
            };
            this.waiter = {
                wait: () => {
                    clearTimeout(timer);
                    if (this.standing === 'pairing') return;
                    timer = setTimeout(() => this.waiter?.reject(new Error('It does not answer.')), PATIENCE_MILLISECONDS);
                },
                resolve: () => { settle(); resolve(undefined); },
                reject: (problem) => { settle(); reject(problem); },
            };
            this.waiter.wait();
            return undefined;
        });
    }

    /** @param {string} [code] the pairing code */
    greet(code = this.code) {
        this.code = code;
        this.port?.send(JSON.stringify({ type: 'hello', version: VERSION, ...code && { code } }));
    }

    /**
     * Asks, and waits for the answer.
     * @param {ClientMessage} ask
     * @returns {Promise<ServerMessage>}
     * @throws {Refusal} with the reason, and {@link Away}
     */
    ask(ask) {
        if (this.standing !== 'open') return Promise.reject(new Away(this.reason || 'Not connected.'));
        const id = (this.ids += 1);
        const text = JSON.stringify({ id, ...ask });
        if (bytes(text) > MOST_BYTES) {
            const size = (bytes(text) / 1e6).toFixed(1);
            return Promise.reject(new Refusal(`This is too large for the instrument: ${size} MB, of at most ${MOST_BYTES / 1e6} MB.`));
        }
        this.port?.send(text);
        return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    }

    /**
     * Says what needs no answer; lost while nobody is there.
     * @param {ClientMessage} ask
     */
    say(ask) {
        if (this.standing === 'open') this.port?.send(JSON.stringify(ask));
    }

    /**
     * Ends it.
     * @param {string} [why]
     */
    close(why = 'Closed.') {
        this.closed = true;
        this.port?.close();
        this.waiter?.reject(new Error(why));
        this.forget('Closed.');
    }

    /** @param {string | ArrayBuffer} data */
    receive(data) {
        if (this.closed) return;
        if (typeof data !== 'string') {
            if (this.standing === 'open') this.ears.onframe(data);
            return;
        }
        /** @type {ServerMessage} */
        let tell;
        try {
            tell = JSON.parse(data);
        } catch {
            return; // Nothing that anybody could do about it.
        }
        if (tell.type === 'welcome') {
            this.port?.well?.();
            this.stand('open', '');
        }
        // Why the last code was none is still to be read.
        if (tell.type === 'pairing') this.stand('pairing', this.standing === 'pairing' ? this.reason : '');
        if (tell.type === 'refused' && this.standing !== 'open') {
            // A code that was right once may be no more: another one is to be typed.
            const pairing = this.standing === 'pairing' || this.code !== undefined;
            this.code = undefined;
            this.stand(pairing ? 'pairing' : 'refused', tell.reason);
        }
        this.ears.ontell(tell);
        if (tell.type === 'state') {
            this.whole = true;
            this.waiter?.resolve();
        }
        if (!('id' in tell) || tell.id === undefined) return;
        const waiting = this.waiting.get(tell.id);
        this.waiting.delete(tell.id);
        if (tell.type === 'refused') waiting?.reject(new Refusal(tell.reason, tell.at));
        else waiting?.resolve(tell);
    }

    /** @param {string} reason */
    broke(reason) {
        if (this.closed) return;
        // What refused this page closes next; its reason is the better one.
        if (this.standing === 'refused') return;
        this.forget(reason);
        this.stand(this.standing === 'connecting' ? 'connecting' : 'away', reason);
    }

    /** @param {string} reason */
    forget(reason) {
        const waiting = [...this.waiting.values()];
        this.waiting.clear();
        for (const { reject } of waiting) reject(new Away(reason));
    }

    /** @param {Standing} standing @param {string} reason */
    stand(standing, reason) {
        this.standing = standing;
        this.reason = reason;
        this.ears.onstanding(standing, reason);
        if (standing === 'pairing' || standing === 'open') this.waiter?.wait();
        else this.waiter?.reject(new Error(reason));
    }
}

/**
 * How long a text is when it is sent.
 * @param {string} text
 */
function bytes(text) {
    // A letter has three at most: few texts need be counted.
    return text.length * 3 > MOST_BYTES ? new TextEncoder().encode(text).length : text.length;
}
