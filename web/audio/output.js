// Audio sources for every kind of page: a worklet in a secure context (https or localhost),
// elsewhere buffers that the page schedules.

/** Time that the page schedules ahead, in seconds. */
export const AHEAD_SECONDS = 0.15;
/** The same for a hidden page, whose timers fire once a second. */
const HIDDEN_SECONDS = 1.5;
/** Frames in a scheduled buffer. */
const PIECE = 1024;
/** Interval of the timer that schedules buffers. */
const TIMER_MILLISECONDS = 30;

/** The error if a file of the page cannot be loaded, as a sentence for the player. */
export const MISSING = 'A file of this page did not arrive: try again.';

/** @type {WeakMap<BaseAudioContext, Promise<void>>} */
const loaded = new WeakMap();

/**
 * Creates a node of worklet.js, or returns null where worklets are not available.
 * @param {AudioContext} context
 * @param {string} name
 * @param {AudioWorkletNodeOptions} options
 * @returns {Promise<AudioWorkletNode | null>}
 */
export async function worklet(context, name, options) {
    if (!context.audioWorklet) return null;
    let module = loaded.get(context);
    if (!module) {
        module = context.audioWorklet.addModule(new URL('./worklet.js', import.meta.url))
            .catch(() => { throw new Error(MISSING); });
        loaded.set(context, module);
    }
    await module;
    return new AudioWorkletNode(context, name, options);
}

/** Longest time that is rendered at once, in seconds: a hidden page may wait longer. */
const QUIET_SECONDS = 0.5;

/** Renders in real time without an audio context, and plays nothing. */
export class Quiet {
    node = null;

    /**
     * @param {number} rate frames a second
     * @param {(out: Float32Array[]) => void} render writes the next frames of two channels
     */
    constructor(rate, render) {
        const piece = [new Float32Array(PIECE), new Float32Array(PIECE)];
        /** Time up to which it has rendered, in seconds. */
        let until = performance.now() / 1000;
        this.timer = setInterval(() => {
            const now = performance.now() / 1000;
            for (until = Math.max(until, now - QUIET_SECONDS); until < now; until += PIECE / rate) render(piece);
        }, TIMER_MILLISECONDS);
    }

    close() {
        clearInterval(this.timer);
    }
}

/** A source that renders into buffers scheduled ahead of time. */
export class Scheduled {
    /**
     * @param {AudioContext} context
     * @param {number} channels
     * @param {(out: Float32Array[]) => void} render writes the next frames of each channel
     * @param {number} [hidden] seconds to schedule ahead while the page is hidden; the default
     *   suits a source whose `schedule` is only called by its timer
     */
    constructor(context, channels, render, hidden = HIDDEN_SECONDS) {
        this.context = context;
        this.render = render;
        this.hidden = hidden;
        this.node = context.createGain();
        this.piece = Array.from({ length: channels }, () => new Float32Array(PIECE));
        /** Start of the next buffer, in frames of the context's time. */
        this.frame = 0;
        this.timer = setInterval(() => this.schedule(), TIMER_MILLISECONDS);
    }

    schedule() {
        const { context, piece } = this;
        if (context.state !== 'running') return;
        const rate = context.sampleRate;
        const hidden = typeof document !== 'undefined' && document.hidden;
        const ahead = hidden ? this.hidden : AHEAD_SECONDS;
        // Frames that are already late are skipped.
        this.frame = Math.max(this.frame, Math.ceil((context.currentTime + 0.02) * rate));
        while (this.frame / rate < context.currentTime + ahead) {
            this.render(piece);
            const buffer = context.createBuffer(piece.length, PIECE, rate);
            piece.forEach((frames, channel) => buffer.copyToChannel(frames, channel));
            const source = context.createBufferSource();
            source.buffer = buffer;
            source.connect(this.node);
            source.start(this.frame / rate);
            this.frame += PIECE;
        }
    }

    close() {
        clearInterval(this.timer);
        this.node.disconnect();
    }
}
