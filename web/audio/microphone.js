// What the instrument in the page hears: a microphone or line in. Browsers give it, after the
// player's permission, to pages in secure contexts only (https or localhost).

/** @import { Sound } from './sound.js' */

/** The sound as it is: browsers would suit it to speech. */
export const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } };

/** Why this page cannot use a microphone, as a sentence for the player; empty if it can. */
export function missingMicrophone() {
    if (!navigator.mediaDevices?.getUserMedia) {
        return 'Browsers let a page use the microphone only at an address that begins with https, or at localhost.';
    }
    return '';
}

/** What to tell the player, by the name of the browser's error. @type {Record<string, string>} */
export const PROBLEMS = {
    NotAllowedError: 'The browser does not let this page use the microphone.',
    NotFoundError: 'No microphone or line in was found.',
    NotReadableError: 'The microphone is in use by another program.',
};

/** Dispatches `change` when it opens or closes, and when another instrument plays. */
export class Microphone extends EventTarget {
    /** @param {Sound} sound */
    constructor(sound) {
        super();
        this.sound = sound;
        /** @type {MediaStream | null} */
        this.stream = null;
        /** Set while the player is asked. @type {Promise<void> | null} */
        this.opening = null;
        /** What the stream plays into, in the context of the instrument.
         * @type {{ source: MediaStreamAudioSourceNode, meter: AnalyserNode, into: AudioNode } | null} */
        this.wire = null;
        /** Why it did not open, as a sentence for the player. */
        this.problem = '';
        this.samples = new Float32Array(1024);
        sound.addEventListener('change', () => this.follow());
    }

    /** Why this page cannot hear anything, as a sentence for the player; empty if it can. */
    get missing() {
        const missing = missingMicrophone();
        if (missing) return missing;
        if (this.sound.store.connection.mode !== 'alone') return 'This instrument hears its own inputs. In this page, it hears the microphone.';
        if (this.sound.active && !this.sound.source?.input) return 'This browser cannot pass sound to the instrument.';
        return '';
    }

    /** True while the instrument hears the microphone. */
    get on() {
        return this.wire !== null;
    }

    /** The device that is heard, if any. */
    get device() {
        return this.stream?.getAudioTracks()[0]?.getSettings().deviceId ?? '';
    }

    /** The largest sample of the last 20 ms or so, 0 to 1. */
    get level() {
        if (!this.wire) return 0;
        this.wire.meter.getFloatTimeDomainData(this.samples);
        return this.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    }

    /**
     * Asks the player and lets the instrument hear the microphone; to be called from a user
     * gesture, since it may start the sound of the page.
     * @param {string} [device] the id of a device; the player or browser chooses without it
     * @returns {Promise<void>}
     */
    open(device) {
        this.opening ??= this.ask(device).finally(() => {
            this.opening = null;
            this.emitChange();
        });
        this.emitChange();
        return this.opening;
    }

    /** @param {string} [device] */
    async ask(device) {
        this.problem = '';
        try {
            await this.sound.listen();
            const audio = { ...AS_IT_IS, ...device && { deviceId: { exact: device } } };
            const stream = await navigator.mediaDevices.getUserMedia({ audio });
            this.release();
            this.stream = stream;
            for (const track of stream.getAudioTracks()) {
                track.onended = () => {
                    if (this.stream !== stream) return;
                    this.problem = 'The microphone is gone.';
                    this.close();
                };
            }
            this.follow();
        } catch (problem) {
            this.release();
            const { name, message } = /** @type {Error} */ (problem);
            this.problem = PROBLEMS[name] ?? message;
        }
    }

    /** Lets the instrument hear silence, and frees the microphone. */
    close() {
        this.release();
        this.emitChange();
    }

    release() {
        this.unwire();
        for (const track of this.stream?.getTracks() ?? []) track.stop();
        this.stream = null;
    }

    /** Connects the stream to the instrument that plays in the page, if there is one. */
    follow() {
        const { context, input } = this.sound.source ?? {};
        if (this.wire && this.wire.into !== input) this.unwire();
        if (this.stream && !this.wire) {
            if (context && input) this.connect(context, input, this.stream);
            else this.release(); // Nothing hears it.
        }
        this.emitChange();
    }

    /** @param {AudioContext} context @param {AudioNode} into @param {MediaStream} stream */
    connect(context, into, stream) {
        const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
        const meter = new AnalyserNode(context, { fftSize: this.samples.length });
        source.connect(meter);
        source.connect(into);
        this.wire = { source, meter, into };
    }

    unwire() {
        this.wire?.source.disconnect();
        this.wire = null;
    }

    /** Returns the inputs to choose from; browsers name them once one was allowed. */
    async devices() {
        const all = await navigator.mediaDevices.enumerateDevices();
        return all.filter(({ kind, deviceId, label }) => kind === 'audioinput' && deviceId && label);
    }

    emitChange() {
        this.dispatchEvent(new Event('change'));
    }
}
