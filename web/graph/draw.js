// Draws the graph with WebGL 2: one draw call for all gates and one for all wires. Activity
// costs one small texture upload a frame, whatever the size of the network.

import { atlas } from './glyphs.js';
import { wires } from './marks.js';
import { GATE_FRAGMENT, GATE_VERTEX, WIRE_FRAGMENT, WIRE_VERTEX } from './shaders.js';

/** @import { Colour } from '../ui/dots.js' */
/** @import { Layout } from './layout.js' */
/** @import { Model } from './model.js' */
/** @import { Index, View } from './view.js' */

/** @typedef {{ ground: Colour, ink: Colour, soft: Colour, one: Colour, bend: Colour }} Colours */

/**
 * Draws a graph on a canvas.
 * @typedef {object} Renderer
 * @property {(model: Model, layout: Layout, index: Index) => void} setNetwork
 * @property {(marks: Uint8Array, changed: number[] | null) => void} setMarks see marks.js;
 *   changed: the nodes whose marks differ, null if all may
 * @property {(nodes: Uint8Array | null) => void} setActivity one byte a node: bit 7 is its
 *   value, bits 0 to 6 are how often it toggled; null if unknown
 * @property {(colours: Colours) => void} setColours
 * @property {(view: View, ratio: number, seconds: number | null) => boolean} draw ratio:
 *   device pixels per CSS pixel; seconds: phase of the flow animation, null for none;
 *   returns true if the drawing needs another frame
 */

/** Nodes in a row of a texture. */
const ROW = 256;
/** Points of all curves together. */
const POINTS = 40_000;
/** Speed of the flow in CSS pixels a second, and its period in CSS pixels. */
const SPEED = 70;
const DASH = 46;
/** Smallest size of gates in CSS pixels, as far as the distance between them allows. */
const LEGIBLE = 11;
const APART = 0.8;

/** @implements {Renderer} */
export class WebGlRenderer {
    /**
     * @param {WebGL2RenderingContext} gl context of a canvas with an alpha channel
     */
    constructor(gl) {
        this.gl = gl;
        this.wire = program(gl, WIRE_VERTEX, WIRE_FRAGMENT);
        this.gate = program(gl, GATE_VERTEX, GATE_FRAGMENT);
        this.wireArray = gl.createVertexArray();
        this.gateArray = gl.createVertexArray();
        this.ends = gl.createBuffer();
        this.nodes = gl.createBuffer();
        this.places = gl.createBuffer();
        this.sources = gl.createBuffer();
        this.activity = texture(gl);
        this.marks = texture(gl);
        this.atlas = gl.createTexture();
        this.wireCount = 0;
        this.gateCount = 0;
        this.room = 1;
        this.rows = 1;
        this.bytes = new Uint8Array(ROW);
        gl.activeTexture(gl.TEXTURE2);
        gl.bindTexture(gl.TEXTURE_2D, this.atlas);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, atlas());
        gl.generateMipmap(gl.TEXTURE_2D);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
        attribute(gl, this.wireArray, this.ends, 0, 4, gl.FLOAT);
        attribute(gl, this.wireArray, this.nodes, 1, 2, gl.UNSIGNED_INT);
        attribute(gl, this.gateArray, this.places, 0, 2, gl.FLOAT);
        attribute(gl, this.gateArray, this.sources, 1, 1, gl.UNSIGNED_INT);
        gl.bindVertexArray(null);
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
        for (const { handle, at } of [this.wire, this.gate]) {
            gl.useProgram(handle);
            gl.uniform1i(at('u_activity'), 0);
            gl.uniform1i(at('u_marks'), 1);
            gl.uniform1i(at('u_atlas'), 2);
        }
    }

    /** @param {Model} model @param {Layout} layout */
    setNetwork(model, layout) {
        const { gl } = this;
        const { count, ends, nodes } = wires(model, layout);
        this.wireCount = count;
        this.gateCount = layout.x.length;
        this.room = layout.room;
        const places = new Float32Array(2 * this.gateCount);
        const sources = new Uint32Array(this.gateCount);
        for (let at = 0; at < this.gateCount; at += 1) {
            places[2 * at] = layout.x[at];
            places[2 * at + 1] = layout.y[at];
            sources[at] = at < model.nodes ? at : model.outputs[at - model.nodes];
        }
        fill(gl, this.ends, ends);
        fill(gl, this.nodes, nodes);
        fill(gl, this.places, places);
        fill(gl, this.sources, sources);
        this.rows = Math.max(1, Math.ceil(this.gateCount / ROW));
        this.bytes = new Uint8Array(ROW * this.rows);
        this.setActivity(null);
    }

    /** @param {Uint8Array | null} nodes */
    setActivity(nodes) {
        const { gl, bytes } = this;
        if (nodes) bytes.set(nodes.length > bytes.length ? nodes.subarray(0, bytes.length) : nodes);
        else bytes.fill(0);
        gl.activeTexture(gl.TEXTURE0);
        gl.bindTexture(gl.TEXTURE_2D, this.activity);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, ROW, this.rows, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, bytes);
    }

    /** @param {Uint8Array} marks @param {number[] | null} changed */
    setMarks(marks, changed) {
        const { gl } = this;
        gl.activeTexture(gl.TEXTURE1);
        gl.bindTexture(gl.TEXTURE_2D, this.marks);
        if (changed === null) {
            const bytes = new Uint8Array(4 * ROW * this.rows);
            bytes.set(marks);
            gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8UI, ROW, this.rows, 0, gl.RGBA_INTEGER, gl.UNSIGNED_BYTE, bytes);
            return;
        }
        for (const row of new Set(changed.map((node) => Math.floor(node / ROW)))) {
            const nodes = marks.subarray(4 * ROW * row, 4 * ROW * (row + 1));
            gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, row, nodes.length / 4, 1, gl.RGBA_INTEGER, gl.UNSIGNED_BYTE, nodes);
        }
    }

    /** @param {Colours} colours */
    setColours(colours) {
        const { gl } = this;
        for (const { handle, at } of [this.wire, this.gate]) {
            gl.useProgram(handle);
            for (const [name, colour] of Object.entries(colours)) {
                gl.uniform3fv(at(`u_${name}`), colour);
            }
        }
    }

    /**
     * @param {View} view
     * @param {number} ratio
     * @param {number | null} seconds
     * @returns {boolean}
     */
    draw(view, ratio, seconds) {
        const { gl, wire, gate } = this;
        const { width, height } = gl.canvas;
        const scale = view.scale * ratio;
        gl.viewport(0, 0, width, height);
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT);
        if (this.gateCount === 0) return false;
        const steps = Math.max(1, Math.min(32, Math.floor(POINTS / Math.max(1, this.wireCount))));
        gl.useProgram(wire.handle);
        gl.uniform3f(wire.at('u_view'), scale, view.x * ratio, view.y * ratio);
        gl.uniform2f(wire.at('u_size'), width, height);
        gl.uniform1f(wire.at('u_steps'), steps);
        gl.uniform1f(wire.at('u_width'), Math.max(0.8, Math.min(2.4, view.scale * 0.05)) * ratio);
        gl.uniform1f(wire.at('u_alpha'), wireAlpha(this.wireCount, view.scale));
        gl.uniform1f(wire.at('u_moved'), seconds === null ? -1 : ((seconds * SPEED) % (DASH * 1000)) * ratio);
        gl.uniform1f(wire.at('u_dash'), DASH * ratio);
        gl.bindVertexArray(this.wireArray);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 2 * (steps + 1), this.wireCount);
        gl.useProgram(gate.handle);
        gl.uniform3f(gate.at('u_view'), scale, view.x * ratio, view.y * ratio);
        gl.uniform2f(gate.at('u_size'), width, height);
        gl.uniform1f(gate.at('u_gate'), gateSize(view.scale, this.room) * ratio);
        gl.bindVertexArray(this.gateArray);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.gateCount);
        return false;
    }
}

/**
 * Returns the drawn size of a gate.
 * @param {number} scale CSS pixels per gate width in the plane
 * @param {number} room smallest distance between gates, in gate widths
 * @returns {number} CSS pixels
 */
export function gateSize(scale, room) {
    return Math.max(scale, Math.min(LEGIBLE, APART * room * scale));
}

/**
 * Returns the opacity of wires: many wires on screen are drawn fainter.
 * @param {number} count
 * @param {number} scale size of a gate, in CSS pixels
 */
export function wireAlpha(count, scale) {
    const crowded = Math.min(0.5, 9 / Math.sqrt(count + 1));
    const near = Math.max(0, Math.min(1, (scale - 8) / 28));
    return crowded + (0.5 - crowded) * near;
}

/** @param {WebGL2RenderingContext} gl */
function texture(gl) {
    const made = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, made);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    return made;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLVertexArrayObject | null} array
 * @param {WebGLBuffer | null} buffer
 * @param {number} location
 * @param {number} size
 * @param {number} type
 */
function attribute(gl, array, buffer, location, size, type) {
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    if (type === gl.FLOAT) gl.vertexAttribPointer(location, size, type, false, 0, 0);
    else gl.vertexAttribIPointer(location, size, type, 0, 0);
    gl.vertexAttribDivisor(location, 1);
}

/** @param {WebGL2RenderingContext} gl @param {WebGLBuffer | null} buffer @param {ArrayBufferView<ArrayBuffer>} data */
function fill(gl, buffer, data) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 * @throws {Error} with the driver's message
 */
function program(gl, vertex, fragment) {
    const handle = gl.createProgram();
    const sources = /** @type {const} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]);
    for (const [type, source] of sources) {
        const shader = gl.createShader(type);
        if (!shader) throw new Error('WebGL has no shaders.');
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
            throw new Error(`WebGL: ${gl.getShaderInfoLog(shader)}`);
        }
        gl.attachShader(handle, shader);
    }
    gl.linkProgram(handle);
    /** @type {Map<string, WebGLUniformLocation | null>} */
    const found = new Map();
    const at = (/** @type {string} */ name) => {
        const known = found.get(name);
        if (known !== undefined) return known;
        const location = gl.getUniformLocation(handle, name);
        found.set(name, location);
        return location;
    };
    return { handle, at };
}
