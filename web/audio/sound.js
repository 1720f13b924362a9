// The sound of this page: the audio context and its source, which is the stream of the
// connected instrument or the instrument in the page.

import { isLocal } from '../link/origin.js';
import { LOCAL_DELAY_SECONDS } from './jitter.js';
import { connect as connectAlone } from './standalone.js';
import { record } from './recorder.js';
import { player } from './streamed.js';

/** @import { Store } from '../store/store.js' */
/** @import { Connect } from '../link/connection.js' */

/** Samples for oscilloscope and spectrum. */
const FFT_SIZE = 4096;
/** Time constant of fades, so that there are no clicks. */
const FADE_SECONDS = 0.01;

/**
 * @typedef {object} Source
 * @property {AudioContext} context
 * @property {AnalyserNode} bus all that is played, to be analysed and recorded
 * @property {AudioNode | null} input what is connected to it, the instrument in the page hears
 * @property {GainNode | null} gain mutes the instrument in the page; null for a stream
 * @property {() => void} disconnect
 */

/**
 * Dispatches `change` when the sound starts, stops or fails, and `recorded` with the file
 * of a recording.
 */
export class Sound extends EventTarget {
    /** @param {Store} store */
    constructor(store) {
        super();
        this.store = store;
        /** @type {Source | null} */
        this.source = null;
        /** The instrument in the page during the switch to it. @type {Source | null} */
        this.next = null;
        /** Set while a source starts, so that it starts once. @type {Promise<void> | null} */
        this.starting = null;
        /** Set while a recording starts. @type {Promise<void> | null} */
        this.startingRecording = null;
        /** @type {Awaited<ReturnType<typeof record>> | null} */
        this.tape = null;
        /** True while the instrument in the page plays silently. */
        this.muted = false;
        /** True once the player has started the sound of this page. */
        this.started = false;
        /** Starts the instrument in the page again, with sound. @type {(() => Promise<void>) | null} */
        this.startAlone = null;
        /** Why there is no sound, as a sentence for the player. */
        this.problem = '';
        store.addEventListener('connection', () => this.emitChange());
    }

    /** True if there is a source. */
    get active() {
        return this.source !== null;
    }

    /** True if there is sound: browsers and phone calls may suspend the context, and an
     * instrument that is away is not heard. */
    get audible() {
        return this.store.connection.state === 'open' && this.source?.context.state === 'running' && !this.starting && !this.muted;
    }

    /** True if the page can sound. */
    get possible() {
        return this.active || this.store.welcome?.sound === true || this.startAlone !== null;
    }

    /** True if the player has to start the sound first, because nothing else sounds. */
    get leads() {
        return this.possible && !this.started && !this.audible && (this.active || this.store.welcome?.outputs !== true);
    }

    /** @returns {AudioContext | null} */
    get context() {
        return this.source?.context ?? null;
    }

    /** @returns {AnalyserNode | null} */
    get bus() {
        return this.source?.bus ?? null;
    }

    /** Starts or resumes the sound; to be called from a user gesture. @returns {Promise<void>} */
    listen() {
        this.started = true;
        if (this.starting) return this.starting;
        const { source } = this;
        if (source) {
            this.setMuted(false);
            return source.context.resume().catch(() => {});
        }
        if (this.startAlone) return this.startAlone();
        const starting = this.startStream().finally(() => {
            if (this.starting === starting) this.starting = null;
            this.emitChange();
        });
        this.starting = starting;
        return starting;
    }

    /** Plays the stream of the connected instrument. */
    async startStream() {
        const { welcome } = this.store;
        if (!welcome) return;
        if (!welcome.sound) {
            this.fail('This instrument plays through its own outputs and sends no sound to pages.');
            return;
        }
        /** @type {Source | null} */
        let source = null;
        try {
            const context = new AudioContext({ sampleRate: welcome.rate, latencyHint: 'interactive' });
            source = { context, bus: this.createBus(context), input: null, gain: null, disconnect: () => {} };
            this.source = source;
            void context.resume();
            const { node, push, close } = await player(context, isLocal() ? LOCAL_DELAY_SECONDS : undefined);
            if (this.source !== source) return; // Stopped meanwhile.
            const receive = (/** @type {Event} */ event) => push(/** @type {CustomEvent} */ (event).detail);
            node.connect(source.bus);
            this.store.addEventListener('sound', receive);
            this.store.listen(true);
            source.disconnect = () => {
                this.store.removeEventListener('sound', receive);
                this.store.listen(false);
                close();
            };
            this.problem = '';
        } catch (problem) {
            // A source that was stopped while it started may fail without a message.
            if (this.source === source) this.fail(/** @type {Error} */ (problem).message);
        }
    }

    /** Ends the sound in this page; the instrument plays on. */
    mute() {
        if (!this.source?.gain) {
            this.stop();
            return;
        }
        // The instrument replies only while its context runs.
        void this.stopRecording();
        this.setMuted(true);
    }

    /** Stops the source. */
    stop() {
        const { source, next } = this;
        this.source = null;
        this.next = null;
        this.starting = null;
        this.startAlone = null;
        this.muted = false;
        void next?.context.close();
        source?.disconnect();
        // The recording ends first: in a closed context it would never end.
        void this.stopRecording().finally(() => source?.context.close());
        this.emitChange();
    }

    /**
     * Returns a way to connect to the instrument in the page; to be called from a user
     * gesture. It is silent until `activate`.
     * @returns {Connect}
     */
    connector() {
        const context = new AudioContext({ latencyHint: 'interactive' });
        void context.resume();
        return async (listener) => {
            try {
                const { node, hears, send, close } = await connectAlone(listener, { context });
                const gain = new GainNode(context, { gain: 0 });
                const bus = this.createBus(context);
                node?.connect(gain).connect(bus);
                this.next = { context, bus, input: hears ? node : null, gain, disconnect: () => node?.disconnect() };
                return {
                    send,
                    close: () => {
                        close();
                        if (this.next?.context !== context) return;
                        // The switch was given up.
                        this.next = null;
                        void context.close();
                    },
                };
            } catch (problem) {
                void context.close();
                throw problem;
            }
        };
    }

    /**
     * Returns a way to connect to an instrument in the page that is not heard, which needs
     * no user gesture. `startAlone` replaces it.
     * @param {() => Promise<void>} startAlone
     * @returns {Connect}
     */
    quietConnector(startAlone) {
        return async (listener) => {
            const port = await connectAlone(listener, {});
            this.startAlone = startAlone;
            return port;
        };
    }

    /** Replaces the source by the instrument in the page. */
    activate() {
        const { next } = this;
        if (!next) return;
        this.next = null;
        this.stop();
        this.source = next;
        this.problem = '';
        this.setMuted(false);
    }

    /** @param {boolean} muted */
    setMuted(muted) {
        this.muted = muted;
        const { gain, context } = this.source ?? {};
        gain?.gain.setTargetAtTime(muted ? 0 : 1, context?.currentTime ?? 0, FADE_SECONDS);
        this.emitChange();
    }

    /** Starts a recording. @returns {Promise<void>} */
    record() {
        this.startingRecording ??= this.startRecording().finally(() => { this.startingRecording = null; });
        return this.startingRecording;
    }

    async startRecording() {
        await this.listen();
        const { bus } = this;
        if (!bus || this.tape) return;
        const tape = await record(bus);
        if (this.bus !== bus) return; // The source was stopped meanwhile.
        this.tape = tape;
        this.emitChange();
    }

    /** Ends the recording and dispatches its file. */
    async stopRecording() {
        const { tape } = this;
        if (!tape) return;
        this.tape = null;
        this.emitChange();
        this.dispatchEvent(new CustomEvent('recorded', { detail: await tape.stop() }));
    }

    /** @param {AudioContext} context */
    createBus(context) {
        const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0.6 });
        analyser.connect(context.destination);
        context.addEventListener('statechange', () => this.emitChange());
        return analyser;
    }

    /** @param {string} problem */
    fail(problem) {
        this.problem = problem;
        this.stop();
    }

    emitChange() {
        this.started ||= this.audible;
        this.dispatchEvent(new Event('change'));
    }
}
