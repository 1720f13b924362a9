// Sounds as samples of one channel, from -1 to 1: what the panel Learn needs of them.

/** Sounds below this part of the peak are silence at an end, and this many seconds of it stay:
 * as in crates/synth/src/recording.rs. */
const SILENCE = 1 / 64;
const MARGIN_SECONDS = 0.03;
/** Least peak of a sound that is no noise. */
const MIN_PEAK = 0.01;
/** Shortest sound in seconds, without the silence at its ends. */
const MIN_SECONDS = 0.05;

/**
 * Returns the part of a sound between the silence at its ends.
 * @param {Float32Array} samples
 * @param {number} rate samples a second
 * @throws {Error} with a sentence for the player, if it is too quiet or too short
 */
export function trimmed(samples, rate) {
    const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample - mean)), 0);
    if (peak < MIN_PEAK) throw new Error('This is too quiet: come closer to the microphone, or take a louder sound.');
    const loud = (/** @type {number} */ sample) => Math.abs(sample - mean) > SILENCE * peak;
    const first = samples.findIndex(loud);
    const last = samples.length - 1 - samples.slice().reverse().findIndex(loud);
    if (last - first < MIN_SECONDS * rate) throw new Error('This is too short: a word takes half a second or so.');
    const margin = Math.floor(MARGIN_SECONDS * rate);
    return samples.slice(Math.max(0, first - margin), last + 1 + margin);
}

/** Returns samples as signed numbers of 16 bits, little-endian, in Base64. @param {Float32Array} samples */
export function encoded(samples) {
    const view = new DataView(new ArrayBuffer(2 * samples.length));
    samples.forEach((sample, i) => view.setInt16(2 * i, Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))), true));
    let text = '';
    for (let at = 0; at < view.byteLength; at += 8192) {
        text += String.fromCharCode(...new Uint8Array(view.buffer, at, Math.min(8192, view.byteLength - at)));
    }
    return btoa(text);
}

/**
 * Returns the least and the greatest sample of each column of a loop, 0 to 255 at full scale.
 * The loop begins with the sound, whose peak is at full scale, and ends with silence.
 * @param {Float32Array} samples
 * @param {number} length number of samples of the loop
 * @param {number} columns
 * @returns {[number, number][]}
 */
export function columnsOf(samples, length, columns) {
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
    const place = (/** @type {number} */ sample) => 128 + (127 * sample) / peak;
    return Array.from({ length: columns }, (_, i) => {
        const part = samples.subarray(Math.floor((i * length) / columns), Math.floor(((i + 1) * length) / columns));
        if (part.length === 0) return [128, 128];
        return [place(Math.min(...part)), place(Math.max(...part))];
    });
}

/**
 * Returns the time that is left of work that goes on evenly.
 * @param {number} part that is done, 0 to 1
 * @param {number} seconds that it took
 * @returns {string} a phrase for the player
 */
export function timeLeft(part, seconds) {
    if (part < 0.01) return '';
    const left = (seconds * (1 - part)) / part;
    return left < 90 ? `${Math.ceil(left)} s left` : `${Math.round(left / 60)} minutes left`;
}

/** Returns true if a file is a sound rather than a network. @param {File} file */
export function isSound({ type, name }) {
    return type.startsWith('audio/') || type.startsWith('video/') || /\.(wav|mp3|ogg|oga|opus|flac|m4a|aac|aiff?|webm)$/i.test(name);
}
