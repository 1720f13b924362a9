// Audio nodes from whatever a page may use: a worklet, which needs a secure context
// (https, or localhost), else buffers that the page schedules itself.

/** How far the page schedules ahead, and in pieces of how many frames. */
export const AHEAD_SECONDS = 0.15;
/** The same for a page that is hidden, whose timers ring once a second. */
const HIDDEN_SECONDS = 1.5;
const PIECE = 1024;
const TIMER_MILLISECONDS = 30;

/** @type {WeakMap<BaseAudioContext, Promise<void>>} */
const loaded = new WeakMap();

/**
 * A node of worklet.js, if this page may have one.
 * @param {AudioContext} context
 * @param {string} name
 * @param {AudioWorkletNodeOptions} options
 * @returns {Promise<AudioWorkletNode | null>}
 */
export async function worklet(context, name, options) {
    if (!context.audioWorklet) return null;
    let module = loaded.get(context);
    if (!module) {
        module = context.audioWorklet.addModule(new URL('./worklet.js', import.meta.url));
        loaded.set(context, module);
    }
    await module;
    return new AudioWorkletNode(context, name, options);
}

/** Plays frames as they are asked for, by buffers that are scheduled ahead. */
export class Scheduled {
    /**
     * @param {AudioContext} context
     * @param {(out: Float32Array) => void} render gives the next frames
     * @param {number} [hidden] seconds ahead while the page is hidden; more than usual,
     *   unless something else than its timer calls `schedule`
     */
    constructor(context, render, hidden = HIDDEN_SECONDS) {
        this.context = context;
        this.render = render;
        this.hidden = hidden;
        this.node = context.createGain();
        this.piece = new Float32Array(PIECE);
        /** The frame of the context's time at which the next piece begins. */
        this.frame = 0;
        this.timer = setInterval(() => this.schedule(), TIMER_MILLISECONDS);
    }

    schedule() {
        const { context, piece } = this;
        if (context.state !== 'running') return;
        const rate = context.sampleRate;
        const hidden = typeof document !== 'undefined' && document.hidden;
        const ahead = hidden ? this.hidden : AHEAD_SECONDS;
        // What is late is not caught up with.
        this.frame = Math.max(this.frame, Math.ceil((context.currentTime + 0.02) * rate));
        while (this.frame / rate < context.currentTime + ahead) {
            this.render(piece);
            const buffer = context.createBuffer(1, PIECE, rate);
            buffer.copyToChannel(piece, 0);
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
