// Strokes of bends: each is one step of undo and sent in one message a frame. Bends that were
// sent are shown as pending until they are confirmed or refused.

/** @import { ClientMessage } from '../link/connection.js' */
/** @import { Bend } from '../types/Bend' */

/**
 * @typedef {object} StrokeHost
 * @property {(message: ClientMessage) => Promise<unknown>} send
 * @property {() => void} changed called when the pending bends have changed
 * @property {(reason: string) => void} refused
 */

/** Most nodes in a message, well within the instrument's limit on its size. */
const MOST = 4096;

export class Strokes {
    /** @param {StrokeHost} host */
    constructor(host) {
        this.host = host;
        /** Bends that are not confirmed yet, by node. @type {Map<number, Bend | null>} */
        this.pending = new Map();
        /** Number of the last message about each pending node. @type {Map<number, number>} */
        this.sentIn = new Map();
        this.messages = 0;
        /** The stroke in progress. @type {{ bend: Bend | null, begins: boolean, seen: Set<number>, next: number[] } | null} */
        this.stroke = null;
    }

    /** @param {Bend | null} bend null erases */
    begin(bend) {
        this.end();
        this.stroke = { bend, begins: true, seen: new Set(), next: [] };
    }

    /** @param {Iterable<number>} nodes nodes that are in the stroke already are skipped */
    add(nodes) {
        const { stroke } = this;
        if (!stroke) return;
        for (const node of nodes) {
            if (stroke.seen.has(node)) continue;
            stroke.seen.add(node);
            stroke.next.push(node);
            this.pending.set(node, stroke.bend);
            this.sentIn.delete(node);
        }
        if (stroke.next.length > 0) this.host.changed();
    }

    /** Sends the nodes added since the last call. Call once a frame. */
    flush() {
        const { stroke } = this;
        if (!stroke) return;
        while (stroke.next.length > 0) {
            const nodes = stroke.next.splice(0, MOST);
            this.send(nodes, stroke.bend, stroke.begins);
            stroke.begins = false;
        }
    }

    end() {
        this.flush();
        this.stroke = null;
    }

    /**
     * Sends a complete stroke.
     * @param {Iterable<number>} nodes
     * @param {Bend | null} bend
     */
    once(nodes, bend) {
        this.begin(bend);
        this.add(nodes);
        this.end();
    }

    /** Drops the stroke and the pending bends, when another network is loaded. */
    forget() {
        this.stroke = null;
        this.pending.clear();
        this.sentIn.clear();
    }

    /** @param {number[]} nodes @param {Bend | null} bend @param {boolean} begins */
    send(nodes, bend, begins) {
        const message = (this.messages += 1);
        for (const node of nodes) this.sentIn.set(node, message);
        const settled = () => {
            // A later message about a node is still unconfirmed.
            for (const node of nodes) {
                if (this.sentIn.get(node) !== message) continue;
                this.sentIn.delete(node);
                this.pending.delete(node);
            }
            this.host.changed();
        };
        this.host.send({ type: 'paint', bends: nodes.map((node) => [node, bend]), begins }).then(settled, (problem) => {
            settled();
            this.host.refused(problem instanceof Error ? problem.message : String(problem));
        });
    }
}
