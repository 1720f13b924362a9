// Decodes binary messages, which are laid out as described in src/link/protocol.rs.

/** Kinds of binary messages, by their first byte. */
export const FrameKind = { activity: 1, display: 2, sound: 3 };

/**
 * Values and toggle rates of all nodes.
 * @typedef {object} Activity
 * @property {number} revision of the network
 * @property {number} t network time, in samples
 * @property {Uint8Array} nodes bit 7: the value at t; bits 0 to 6: how often the node
 *   toggled lately, from 0 (never) to 127 (at every sample)
 */

/**
 * Contents of the instrument's display.
 * @typedef {object} Display
 * @property {boolean} on
 * @property {number} contrast 0 to 255
 * @property {number} height in pixels; the width is 128
 * @property {Uint8Array} bytes pages of 8 rows, one byte per column, lowest bit on top
 */

/**
 * @param {ArrayBuffer} data
 * @returns {{ activity: Activity } | { display: Display } | { sound: ArrayBuffer } | null}
 *   null if the message is of another kind or too short
 */
export function decodeFrame(data) {
    const bytes = new Uint8Array(data);
    const view = new DataView(data);
    switch (bytes[0]) {
        case FrameKind.activity:
            if (bytes.length < 12) return null;
            return {
                activity: {
                    revision: view.getUint32(4, true),
                    t: view.getUint32(8, true),
                    nodes: bytes.subarray(12),
                },
            };
        case FrameKind.display:
            if (bytes.length < 4) return null;
            return {
                display: {
                    on: bytes[1] !== 0,
                    contrast: bytes[2],
                    height: bytes[3],
                    bytes: bytes.subarray(4),
                },
            };
        case FrameKind.sound:
            return bytes.length < 16 ? null : { sound: data };
        default:
            return null;
    }
}
