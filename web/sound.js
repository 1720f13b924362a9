// What is heard in this page: the audio context, and where its sound comes from, a
// streamed desk or the instrument in the page. It owns nothing of the instrument.

import { connect as alone } from './audio/standalone.js';
import { record } from './audio/recorder.js';
import { player } from './audio/streamed.js';

/** @import { Store } from './store.js' */
/** @import { Connect } from './conversation.js' */

/** Samples that oscilloscope and spectrum look at. */
const LOOK = 4096;
/** Time constant of the way up and down, so that it does not click. */
const RISE_SECONDS = 0.01;

/**
 * Where sound comes from.
 * @typedef {object} Source
 * @property {AudioContext} context
 * @property {AnalyserNode} bus what is heard, to look at and to record
 * @property {GainNode | null} gain of the instrument in the page, which is silent without an end
 * @property {() => void} leave
 */

/**
 * The sound of the page. Tells `change` when it begins, ends, or cannot, and `recorded`
 * with a recording's file.
 */
export class Sound extends EventTarget {
    /** @param {Store} store */
    constructor(store) {
        super();
        this.store = store;
        /** @type {Source | null} */
        this.source = null;
        /** The next one: the instrument in the page while it is gone over to. @type {Source | null} */
        this.coming = null;
        /** On the way there, however often it is asked for. @type {Promise<void> | null} */
        this.beginning = null;
        /** @type {Promise<void> | null} */
        this.taping = null;
        /** @type {Awaited<ReturnType<typeof record>> | null} */
        this.tape = null;
        /** The instrument in the page plays on, silently. */
        this.quiet = false;
        /** Why it is silent, in plain words. */
        this.problem = '';
        store.addEventListener('connection', () => this.tell());
    }

    /** Whether it is there to be heard. */
    get on() {
        return this.source !== null;
    }

    /** Whether it is heard: browsers and calls may hold it back. */
    get hears() {
        return this.source?.context.state === 'running' && !this.beginning && !this.quiet;
    }

    /** @returns {AudioContext | null} */
    get context() {
        return this.source?.context ?? null;
    }

    /** @returns {AnalyserNode | null} */
    get bus() {
        return this.source?.bus ?? null;
    }

    /** Begins to play here, or goes on; a gesture must have led here. @returns {Promise<void>} */
    listen() {
        if (this.beginning) return this.beginning;
        const { source } = this;
        if (source) {
            this.be(false);
            return source.context.resume().catch(() => {});
        }
        const beginning = this.begin().finally(() => {
            if (this.beginning === beginning) this.beginning = null;
            this.tell();
        });
        this.beginning = beginning;
        return beginning;
    }

    /** Plays what the connected instrument streams. */
    async begin() {
        const { welcome } = this.store;
        if (!welcome) return;
        if (!welcome.sound) {
            this.fail('This instrument sounds by itself; it sends no sound to pages.');
            return;
        }
        /** @type {Source | null} */
        let source = null;
        try {
            const context = new AudioContext({ sampleRate: welcome.rate, latencyHint: 'interactive' });
            source = { context, bus: this.look(context), gain: null, leave: () => {} };
            this.source = source;
            void context.resume();
            const { node, push, close } = await player(context);
            if (this.source !== source) return; // Not wanted any more.
            const take = (/** @type {Event} */ event) => push(/** @type {CustomEvent} */ (event).detail);
            node.connect(source.bus);
            this.store.addEventListener('sound', take);
            this.store.listen(true);
            source.leave = () => {
                this.store.removeEventListener('sound', take);
                this.store.listen(false);
                close();
            };
            this.problem = '';
        } catch (problem) {
            // What is hushed on its way fails, and that is no problem.
            if (this.source === source) this.fail(/** @type {Error} */ (problem).message);
        }
    }

    /** Silent in this page; the instrument goes on. */
    silence() {
        if (!this.source?.gain) {
            this.hush();
            return;
        }
        // It answers while its context runs, so that goes on.
        void this.stop();
        this.be(true);
    }

    /** Ends it. */
    hush() {
        const { source, coming } = this;
        this.source = null;
        this.coming = null;
        this.beginning = null;
        this.quiet = false;
        void coming?.context.close();
        source?.leave();
        // A recording ends before what it hears, or it would never be told its end.
        void this.stop().finally(() => source?.context.close());
        this.tell();
    }

    /**
     * The way to the instrument in the page, for {@link Store}; a gesture must have led
     * here. It is heard once it plays what is brought along: see `rise`.
     * @returns {Connect}
     */
    alone() {
        const context = new AudioContext({ latencyHint: 'interactive' });
        void context.resume();
        return async (listener) => {
            try {
                const { node, send, close } = await alone(listener, { context });
                const gain = new GainNode(context, { gain: 0 });
                const bus = this.look(context);
                node.connect(gain).connect(bus);
                this.coming = { context, bus, gain, leave: () => node.disconnect() };
                return {
                    send,
                    close: () => {
                        close();
                        if (this.coming?.context !== context) return;
                        // It was not gone over to.
                        this.coming = null;
                        void context.close();
                    },
                };
            } catch (problem) {
                void context.close();
                throw problem;
            }
        };
    }

    /** The instrument in the page takes the place of what was heard. */
    rise() {
        const { coming } = this;
        if (!coming) return;
        this.coming = null;
        this.hush();
        this.source = coming;
        this.problem = '';
        this.be(false);
    }

    /** @param {boolean} quiet */
    be(quiet) {
        this.quiet = quiet;
        const { gain, context } = this.source ?? {};
        gain?.gain.setTargetAtTime(quiet ? 0 : 1, context?.currentTime ?? 0, RISE_SECONDS);
        this.tell();
    }

    /** Records what is heard, from now on. @returns {Promise<void>} */
    record() {
        this.taping ??= this.start().finally(() => { this.taping = null; });
        return this.taping;
    }

    async start() {
        await this.listen();
        const { bus } = this;
        if (!bus || this.tape) return;
        const tape = await record(bus);
        if (this.bus !== bus) return; // It went with what it hears.
        this.tape = tape;
        this.tell();
    }

    /** Ends the recording, and tells it. */
    async stop() {
        const { tape } = this;
        if (!tape) return;
        this.tape = null;
        this.tell();
        this.dispatchEvent(new CustomEvent('recorded', { detail: await tape.stop() }));
    }

    /** @param {AudioContext} context */
    look(context) {
        const analyser = new AnalyserNode(context, { fftSize: LOOK, smoothingTimeConstant: 0.6 });
        analyser.connect(context.destination);
        context.addEventListener('statechange', () => this.tell());
        return analyser;
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
