// What is heard in this page: the audio context, and where its sound comes from, a
// streamed desk or the instrument in the page. It owns nothing of the instrument.

import { connect as alone } from './audio/alone.js';
import { player } from './audio/streamed.js';

/** @import { Store } from './store.js' */
/** @import { Connect } from './conversation.js' */

/** Samples that oscilloscope and spectrum look at. */
const LOOK = 4096;
/** Time constant of the way up, so that it does not click. */
const RISE_SECONDS = 0.01;

/** The sound of the page. Tells `change` when it begins, ends, or cannot. */
export class Sound extends EventTarget {
    /** @param {Store} store */
    constructor(store) {
        super();
        this.store = store;
        /** @type {AudioContext | null} */
        this.context = null;
        /** What is heard, to look at and to record. @type {AnalyserNode | null} */
        this.bus = null;
        /** @type {GainNode | null} */
        this.gain = null;
        /** Why it is silent, in plain words. */
        this.problem = '';
        /** @type {(() => void) | null} */
        this.leave = null;
        /** The instrument in the page, before it is heard. @type {Pick<Sound, 'context' | 'bus' | 'gain' | 'leave'> | null} */
        this.next = null;
        store.addEventListener('connection', () => this.tell());
    }

    /** Whether anything is heard. */
    get on() {
        return this.leave !== null;
    }

    /** Begins to play what the connected instrument streams; a gesture must have led here. */
    async listen() {
        const { welcome } = this.store;
        if (this.on || !welcome) return;
        if (!welcome.sound) {
            this.fail('This instrument sounds by itself; it sends no sound to pages.');
            return;
        }
        try {
            const { context, bus } = this.open(welcome.rate);
            const { node, push, close } = await player(context);
            const take = (/** @type {Event} */ event) => push(/** @type {CustomEvent} */ (event).detail);
            node.connect(bus);
            this.store.addEventListener('sound', take);
            this.store.listen(true);
            this.leave = () => {
                this.store.removeEventListener('sound', take);
                this.store.listen(false);
                close();
            };
            this.problem = '';
            this.tell();
        } catch (problem) {
            this.fail(/** @type {Error} */ (problem).message);
        }
    }

    /** Ends it; the instrument goes on. */
    hush() {
        this.leave?.();
        this.leave = null;
        void this.context?.close();
        this.context = null;
        this.bus = null;
        this.tell();
    }

    /**
     * The way to the instrument in the page, for {@link Store}; a gesture must have led
     * here.
     * @returns {Connect}
     */
    alone() {
        const context = new AudioContext({ latencyHint: 'interactive' });
        void context.resume();
        return async (listener) => {
            try {
                const { node, send, close } = await alone(listener, { context });
                const bus = look(context);
                // Not heard before it plays what is brought along, and what is heard now is
                // heard until then: see `rise`.
                const gain = new GainNode(context, { gain: 0 });
                node.connect(gain).connect(bus);
                this.next = { context, bus, gain, leave: () => node.disconnect() };
                return {
                    send,
                    close: () => {
                        close();
                        if (this.context !== context) void context.close();
                    },
                };
            } catch (problem) {
                void context.close();
                throw problem;
            }
        };
    }

    /** The instrument in the page is heard, in place of what was. */
    rise() {
        if (this.next) {
            this.hush();
            Object.assign(this, this.next);
            this.next = null;
            this.problem = '';
        }
        this.gain?.gain.setTargetAtTime(1, this.context?.currentTime ?? 0, RISE_SECONDS);
        this.tell();
    }

    /** @param {number} rate frames a second */
    open(rate) {
        this.context = new AudioContext({ sampleRate: rate, latencyHint: 'interactive' });
        void this.context.resume();
        this.bus = look(this.context);
        return { context: this.context, bus: this.bus };
    }

    /** @param {string} problem */
    fail(problem) {
        this.problem = problem;
        this.hush();
    }

    tell() {
        this.dispatchEvent(new Event('change'));
    }
}

/** @param {AudioContext} context */
function look(context) {
    const analyser = new AnalyserNode(context, { fftSize: LOOK, smoothingTimeConstant: 0.6 });
    analyser.connect(context.destination);
    return analyser;
}
