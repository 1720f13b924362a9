// Strokes of bends, as they are asked for: one step of undo each, a message a frame. What
// was asked for is shown at once, until it is told or refused.

/** @import { ClientMessage } from '../link/connection.js' */
/** @import { Bend } from '../types/Bend' */

/**
 * @typedef {object} Paper
 * @property {(ask: ClientMessage) => Promise<unknown>} ask
 * @property {() => void} changed what is pending is another
 * @property {(reason: string) => void} refused
 */

/** Nodes a message, at most: it stays well below what is taken as one. */
const MOST = 4096;

export class Strokes {
    /** @param {Paper} paper */
    constructor(paper) {
        this.paper = paper;
        /** Asked for, and not told yet. @type {Map<number, Bend | null>} */
        this.pending = new Map();
        /** The message that asked for it last. @type {Map<number, number>} */
        this.askedBy = new Map();
        this.messages = 0;
        /** The stroke that is drawn. @type {{ bend: Bend | null, begins: boolean, seen: Set<number>, next: number[] } | null} */
        this.stroke = null;
    }

    /** @param {Bend | null} bend what nodes are bent to; null erases */
    begin(bend) {
        this.end();
        this.stroke = { bend, begins: true, seen: new Set(), next: [] };
    }

    /** @param {Iterable<number>} nodes those the stroke had already are left out */
    add(nodes) {
        const { stroke } = this;
        if (!stroke) return;
        for (const node of nodes) {
            if (stroke.seen.has(node)) continue;
            stroke.seen.add(node);
            stroke.next.push(node);
            this.pending.set(node, stroke.bend);
            this.askedBy.delete(node);
        }
        if (stroke.next.length > 0) this.paper.changed();
    }

    /** Asks for what came since the last time; to be called once a frame. */
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
     * A stroke of its own.
     * @param {Iterable<number>} nodes
     * @param {Bend | null} bend
     */
    once(nodes, bend) {
        this.begin(bend);
        this.add(nodes);
        this.end();
    }

    /** Another network: what was asked for is not about it. */
    forget() {
        this.stroke = null;
        this.pending.clear();
        this.askedBy.clear();
    }

    /** @param {number[]} nodes @param {Bend | null} bend @param {boolean} begins */
    send(nodes, bend, begins) {
        const message = (this.messages += 1);
        for (const node of nodes) this.askedBy.set(node, message);
        const settled = () => {
            // What was painted over meanwhile is still on its way.
            for (const node of nodes) {
                if (this.askedBy.get(node) !== message) continue;
                this.askedBy.delete(node);
                this.pending.delete(node);
            }
            this.paper.changed();
        };
        this.paper.ask({ type: 'paint', bends: nodes.map((node) => [node, bend]), begins }).then(settled, (problem) => {
            settled();
            this.paper.refused(problem instanceof Error ? problem.message : String(problem));
        });
    }
}
