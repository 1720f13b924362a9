// Binary messages, read. `Frame` in src/link/protocol.rs says what is where.

/** What a binary message is, by its first byte. */
export const Frame = { activity: 1, display: 2, sound: 3 };

/**
 * What every node does.
 * @typedef {object} Activity
 * @property {number} revision of the network that it is about
 * @property {number} t network samples
 * @property {Uint8Array} nodes bit 7: the value at t; bits 0 to 6: how often it
 *   toggled lately, 0 (never) to 127 (at every sample)
 */

/**
 * The display as it is.
 * @typedef {object} Display
 * @property {boolean} on
 * @property {number} contrast 0 to 255
 * @property {number} height in pixels, by 128
 * @property {Uint8Array} bytes pages of 8 rows, a byte a column, lowest bit on top
 */

/**
 * @param {ArrayBuffer} data
 * @returns {{ activity: Activity } | { display: Display } | { sound: ArrayBuffer } | null}
 *   null for what is none of them
 */
export function frame(data) {
    const bytes = new Uint8Array(data);
    const view = new DataView(data);
    switch (bytes[0]) {
        case Frame.activity:
            if (bytes.length < 12) return null;
            return {
                activity: {
                    revision: view.getUint32(4, true),
                    t: view.getUint32(8, true),
                    nodes: bytes.subarray(12),
                },
            };
        case Frame.display:
            if (bytes.length < 4) return null;
            return {
                display: {
                    on: bytes[1] !== 0,
                    contrast: bytes[2],
                    height: bytes[3],
                    bytes: bytes.subarray(4),
                },
            };
        case Frame.sound:
            return bytes.length < 16 ? null : { sound: data };
        default:
            return null;
    }
}
