// The graph of the network that plays. Draws the store's state and sends edits to the
// store; its own state is only the view and the selection.

import { h, onColours, seldom } from '../ui/dom.js';
import { WebGlRenderer } from './draw.js';
import { bendInWords, describe, Inspector } from './inspect.js';
import { pressOf } from './keys.js';
import { layoutInSteps } from './layout.js';
import { bendOf, mark } from './marks.js';
import { Model } from './model.js';
import { OPS, truthTable } from './ops.js';
import { drawOverlay } from './overlay.js';
import { PlainRenderer } from './plain.js';
import { PointerInput } from './pointer-input.js';
import { Strokes } from './strokes.js';
import { Tools } from './tools.js';
import { Index, View } from './view.js';
import { step } from './walk.js';

/** @import { ClientMessage } from '../link/connection.js' */
/** @import { Bend } from '../types/Bend' */
/** @import { Gate } from '../types/Gate' */
/** @import { State } from '../types/State' */
/** @import { Colour, Colours, Renderer } from './draw.js' */
/** @import { Layout } from './layout.js' */
/** @import { Preview } from './overlay.js' */
/** @import { NodeInfo } from './inspect.js' */
/** @import { Tool } from './pointer-input.js' */

/**
 * The parts of the store that the graph uses. The store dispatches the events `network`,
 * `layers`, `touched`, `parameters` and `activity` when these change.
 * @typedef {EventTarget & {
 *   state: State,
 *   activity: { revision: number, t: number, nodes: Uint8Array } | null,
 *   request: (message: ClientMessage) => Promise<unknown>,
 *   value?: (parameter: string, otherwise: number) => number,
 * }} GraphStore
 */

/** Longest layout step before yielding to the event loop, in milliseconds. */
const SLICE = 8;
/** Change of the view's aspect ratio that makes a new layout worthwhile. */
const RESHAPE = 1.25;
/** Up to this fraction of changed gates, the layout is kept. */
const STAYS = 0.05;
/** Longest frame interval at which the flow is animated between activity messages, in milliseconds. */
const SMOOTH = 34;
/** Time without activity after which the flow stops, in milliseconds. */
const QUIET = 250;

/**
 * Creates the graph in an element, whose size must not depend on its content.
 * @param {HTMLElement} element
 * @param {GraphStore} store
 * @param {{ by?: 'plain' | 'webgl', tool?: Tool }} [options] the renderer, by default WebGL
 *   where it is hardware-accelerated, and a 2D canvas elsewhere; the first tool, by default
 *   to look
 */
export function createGraph(element, store, options = {}) {
    return new Graph(element, store, options);
}

export class Graph {
    /** @param {HTMLElement} element @param {GraphStore} store @param {{ by?: 'plain' | 'webgl', tool?: Tool }} options */
    constructor(element, store, { by, tool: first = 'look' }) {
        this.store = store;
        this.view = new View();
        /** The network on screen with its layout. @type {{ model: Model, layout: Layout, index: Index } | null} */
        this.shown = null;
        /** @type {Model | null} */
        this.model = null;
        this.revision = -1;
        this.marks = new Uint8Array();
        /** @type {number | null} */
        this.selected = null;
        /** @type {number | null} */
        this.hovered = null;
        /** @type {Preview} */
        this.preview = {};
        this.fitted = true;
        this.aspect = 1.6;
        this.withDead = true;
        this.layouts = 0;
        /** Parts to redraw in the next frame. */
        this.stale = { marks: true, activity: true, overlay: true, colours: true, all: true };
        this.waits = false;
        this.activeAt = -Infinity;
        /** Network time of the last activity, and whether time is paused. */
        this.t = -1;
        this.paused = false;
        /** Phase of the flow animation, in seconds. */
        this.flow = 0;
        this.pace = 16;
        this.frameAt = 0;

        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        this.overlay = h('canvas', { 'aria-hidden': 'true' });
        this.tip = h('div', { class: 'graph-tip', 'aria-hidden': 'true', hidden: true });
        this.announcement = h('p', { class: 'sr', 'aria-live': 'polite' });
        this.problem = h('p', { class: 'graph-problem', role: 'alert', hidden: true });
        this.stage = h('div', {
            class: 'graph-stage', tabIndex: 0, role: 'application', 'aria-roledescription': 'graph of gates',
            'aria-label': 'Gates. Arrow keys follow wires, Enter selects, 0, 1 and I bend, Delete removes the bend',
        }, this.canvas, this.overlay);
        this.inspector = new Inspector({
            select: (node) => {
                this.select(node, true);
                // Closing the inspector removes the focused button.
                if (node === null) this.stage.focus({ preventScroll: true });
            },
            bend: (node, bend) => this.strokes.once([node], bend),
            rewire: (node, gate) => this.rewire(node, gate),
        });
        this.tools = new Tools({
            changed: () => this.toolChanged(),
            fit: () => this.fit(),
            zoom: (factor) => this.zoom(factor),
            widen: () => this.widen(),
        }, first);
        this.stageBox = h('div', { class: 'graph-box' }, this.stage, this.tip, this.problem, this.inspector.element);
        this.element = element;
        element.classList.add('graph');
        element.replaceChildren(this.tools.element, this.stageBox, this.announcement);

        this.strokes = new Strokes({
            send: (message) => store.request(message),
            changed: () => this.redraw({ marks: true }),
            refused: (reason) => this.showProblem(reason),
        });
        this.input = new PointerInput(this.stage, {
            view: this.view,
            index: () => this.shown?.index ?? null,
            choice: () => ({
                tool: this.tools.tool,
                radius: this.tools.radius,
                bend: this.tools.erases ? null : store.state.touched?.bend ?? 'invert',
            }),
            moved: () => this.moved(),
            preview: (preview) => this.showPreview(preview),
            hover: (node) => this.hover(node),
            select: (node) => this.select(node, false),
            begin: (bend) => this.strokes.begin(bend),
            paint: (nodes) => this.strokes.add(nodes),
            end: () => this.strokes.end(),
            cone: (node, tool) => this.coneOf(node, tool),
            isGate: (node) => this.model?.isGate(node) ?? false,
            wire: (node, operand, to) => this.wire(node, operand, to),
        });
        this.stage.addEventListener('keydown', (event) => this.key(event));
        this.stage.addEventListener('keyup', (event) => {
            if (event.key === ' ') this.input.setSpace(false);
        });
        this.stage.addEventListener('blur', () => this.input.setSpace(false));

        this.motion = matchMedia('(prefers-reduced-motion: reduce)');
        this.motion.addEventListener('change', () => this.redraw());
        onColours(() => this.redraw({ colours: true }));
        new MutationObserver(() => this.redraw({ colours: true })).observe(document.documentElement, { attributes: true });
        /** @type {Renderer} */
        this.renderer = this.render(by);
        new ResizeObserver(() => this.resize()).observe(this.stage);

        store.addEventListener('network', () => this.load());
        store.addEventListener('layers', () => this.redraw({ marks: true }));
        store.addEventListener('touched', () => this.redraw({ marks: true }));
        store.addEventListener('parameters', () => {
            if (this.model && this.wantsDead() !== this.withDead) void this.layOut(this.model);
        });
        const drawActivity = seldom(() => this.redraw({ activity: true }));
        store.addEventListener('activity', () => {
            this.activeAt = performance.now();
            const { t } = store.activity ?? this;
            this.paused = t === this.t;
            this.t = t;
            drawActivity();
        });
        this.resize();
        this.load();
    }

    /**
     * @param {'plain' | 'webgl'} [how]
     * @returns {Renderer}
     */
    render(how) {
        const wanted = how === 'webgl' || (how === undefined && hasAcceleratedWebGl());
        const gl = wanted ? this.canvas.getContext('webgl2', { antialias: false, depth: false }) : null;
        if (gl) {
            this.canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
            this.canvas.addEventListener('webglcontextrestored', () => {
                this.renderer = new WebGlRenderer(gl);
                this.stale.all = true;
                this.redraw({ marks: true, activity: true, colours: true });
            });
            try {
                return new WebGlRenderer(gl);
            } catch (problem) {
                // The driver lacks what it claims to support: fall back to a 2D canvas.
                console.warn(problem);
                const canvas = h('canvas', { 'aria-hidden': 'true' });
                this.canvas.replaceWith(canvas);
                this.canvas = canvas;
            }
        }
        return new PlainRenderer(/** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d')));
    }

    /** Loads the network of the store's state. */
    load() {
        const { network } = this.store.state;
        if (!network) return;
        this.revision = network.revision;
        /** @type {Model} */
        let model;
        try {
            model = new Model(network.file);
        } catch (problem) {
            this.showProblem(/** @type {Error} */ (problem).message);
            return;
        }
        const before = this.model;
        this.strokes.forget();
        this.model = model;
        const gates = model.nodes - model.inputs;
        const { shown } = this;
        const same = before !== null && shown?.model === before &&
            before.difference(model) <= Math.max(1, STAYS * gates);
        if (same && model.alive.every((is, node) => !is || shown.layout.placed[node])) {
            this.layouts += 1;
            this.show(model, shown.layout, false);
        } else {
            this.hovered = null;
            this.selected = null;
            void this.layOut(model);
        }
    }

    /** Returns whether inaudible gates are shown: the parameter `dead`, or true without it. */
    wantsDead() {
        return (this.store.value?.('dead', 0) ?? 1) !== 0;
    }

    /** @param {Model} model */
    async layOut(model) {
        const layouts = (this.layouts += 1);
        this.aspect = this.view.aspect;
        this.withDead = this.wantsDead();
        const steps = layoutInSteps(model, this.aspect, this.withDead);
        let since = performance.now();
        for (;;) {
            const { done, value } = steps.next();
            if (done) {
                this.show(model, value, true);
                return;
            }
            if (performance.now() - since < SLICE) continue;
            await new Promise((go) => setTimeout(go));
            if (layouts !== this.layouts) return;
            since = performance.now();
        }
    }

    /** @param {Model} model @param {Layout} layout @param {boolean} fit */
    show(model, layout, fit) {
        this.shown = { model, layout, index: new Index(layout, model.nodes) };
        this.marks = new Uint8Array(4 * layout.x.length);
        this.stale.all = true;
        if (fit) this.fit();
        this.redraw({ marks: true, activity: true, overlay: true });
        this.inform();
    }

    /** @param {Partial<Graph['stale']>} [parts] to redraw */
    redraw(parts = {}) {
        Object.assign(this.stale, parts);
        if (this.waits) return;
        this.waits = true;
        requestAnimationFrame((now) => this.frame(now));
    }

    /** @param {number} now */
    frame(now) {
        this.waits = false;
        const { stale, shown, store, view, renderer } = this;
        this.strokes.flush();
        if (view.width < 2 || view.height < 2) return;
        if (stale.colours) this.recolour();
        if (stale.all && shown) renderer.setNetwork(shown.model, shown.layout);
        if ((stale.marks || stale.all) && shown) {
            mark(this.marks, shown.model, store.state, this.strokes.pending, this.cone());
            renderer.setMarks(this.marks);
            this.inform();
        }
        const activity = store.activity?.revision === this.revision ? store.activity : null;
        if ((stale.activity || stale.all) && shown) {
            renderer.setActivity(activity?.nodes ?? null);
            this.inspector.live(activity?.nodes ?? null);
        }
        const ratio = devicePixelRatio || 1;
        if (stale.overlay || stale.all || stale.colours) this.drawOverlay(ratio);
        this.stale = { marks: false, activity: false, overlay: false, colours: false, all: false };
        // The flow pauses with the network time.
        if (!this.paused) this.flow = now / 1000;
        const more = renderer.draw(view, ratio, this.motion.matches ? null : this.flow);
        // On slow machines, only activity triggers frames.
        const flows = !this.motion.matches && !this.paused && renderer instanceof WebGlRenderer && now - this.activeAt < QUIET;
        if (flows && now - this.frameAt < 200) this.pace += (now - this.frameAt - this.pace) * 0.1;
        this.frameAt = now;
        if (more || (flows && this.pace < SMOOTH)) this.redraw();
    }

    recolour() {
        const style = getComputedStyle(this.stage);
        const read = (/** @type {string} */ name) => style.getPropertyValue(`--graph-${name}`).trim();
        const colours = /** @type {Colours} */ (Object.fromEntries(
            ['ground', 'ink', 'soft', 'one', 'bend'].map((name) => [name, rgb(read(name))])));
        this.names = { ink: read('ink'), soft: read('soft'), bend: read('bend'), bad: read('bad'), ground: read('ground') };
        this.renderer.setColours(colours);
    }

    names = { ink: '', soft: '', bend: '', bad: '', ground: '' };

    /** @param {number} ratio */
    drawOverlay(ratio) {
        const context = this.overlay.getContext('2d');
        if (!context) return;
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        drawOverlay(context, this.view, this.shown, this.names, this.preview);
    }

    resize() {
        const { clientWidth: width, clientHeight: height } = this.stage;
        const ratio = devicePixelRatio || 1;
        for (const canvas of [this.canvas, this.overlay]) {
            canvas.width = Math.max(1, Math.round(width * ratio));
            canvas.height = Math.max(1, Math.round(height * ratio));
        }
        const wasHidden = this.view.width < 2;
        const before = this.view.width + this.view.height;
        [this.view.width, this.view.height] = [width, height];
        if (width < 2 || height < 2) return;
        const shape = this.view.aspect / this.aspect;
        const reshaped = wasHidden || (this.selected === null && (shape > RESHAPE || shape < 1 / RESHAPE));
        if (this.model && this.fitted && reshaped) void this.layOut(this.model);
        else if (this.fitted) this.fit();
        else if (this.selected !== null && width + height < before) this.reveal(this.selected);
        this.redraw({ overlay: true });
    }

    fit() {
        if (this.shown && this.view.width >= 2) this.view.fit(this.shown.layout);
        this.moved();
        this.fitted = true;
    }

    /** Toggles between the whole window and the graph's place in the page. */
    widen() {
        const wide = this.element.classList.toggle('graph-wide');
        this.tools.showWide(wide);
        this.stage.focus({ preventScroll: true });
    }

    /** @param {number} factor */
    zoom(factor) {
        this.view.zoom(factor);
        this.moved();
    }

    moved() {
        this.fitted = false;
        this.redraw({ overlay: true });
    }

    /** @param {Preview} preview */
    showPreview(preview) {
        this.preview = preview;
        this.redraw({ overlay: true });
    }

    toolChanged() {
        this.stage?.setAttribute('data-tool', this.tools?.tool ?? 'look');
        if (this.tools?.tool !== 'look') this.hover?.(null);
        this.redraw({ overlay: true, marks: true });
    }

    /** Returns the highlighted cone: of the node under the pointer, else of the selected one. */
    cone() {
        const node = this.hovered ?? this.selected;
        if (!this.model || node === null || this.tools.tool !== 'look') return null;
        return { node, nodes: [...this.model.fanIn(node), ...this.model.fanOut(node)] };
    }

    /** Returns the visible nodes of a cone. @param {number} node @param {'fan-in' | 'fan-out'} by */
    coneOf(node, by) {
        const { shown } = this;
        if (!shown) return [];
        const nodes = by === 'fan-in' ? shown.model.fanIn(node) : shown.model.fanOut(node);
        return nodes.filter((other) => shown.layout.placed[other]);
    }

    /** @param {number | null} node */
    hover(node) {
        if (node === this.hovered) return;
        this.hovered = node;
        this.redraw({ marks: true });
    }

    /** @param {number | null} node @param {boolean} reveal move the view to it */
    select(node, reveal) {
        this.selected = node;
        this.hovered = null;
        this.redraw({ marks: true });
        this.inform();
        if (node !== null && reveal) this.reveal(node);
        const info = node === null ? null : this.infoOf(node);
        this.announcement.textContent = info ? describe(info) : '';
    }

    /** @param {number} node */
    reveal(node) {
        const layout = this.shown?.layout;
        // The fitted graph is visible as a whole.
        if (this.fitted || !layout?.placed[node]) return;
        const { view } = this;
        const { x, y } = view;
        view.reveal(layout.x[node], layout.y[node]);
        if (x !== view.x || y !== view.y) this.moved();
    }

    /** @param {number} node @returns {NodeInfo | null} */
    infoOf(node) {
        const { model } = this;
        if (!model || node >= model.nodes) return null;
        const bend = bendOf(node, model, this.store.state, this.strokes.pending);
        return {
            model, node, bend: bend?.bend ?? null, audible: bend?.audible ?? false,
            steered: this.store.state.touched?.steered === node,
        };
    }

    /** Updates the inspector for the selected node and the tip for the node under the pointer. */
    inform() {
        const selected = this.selected === null ? null : this.infoOf(this.selected);
        this.inspector.show(selected, this.names);
        const hovered = this.hovered === null || this.hovered === this.selected ? null : this.infoOf(this.hovered);
        this.tip.hidden = hovered === null;
        if (hovered) this.tip.textContent = brief(hovered);
    }

    /** @param {number} node @param {'a' | 'b'} operand @param {number} to */
    wire(node, operand, to) {
        const { model } = this;
        if (!model) return;
        this.rewire(node, [model.op[node], operand === 'a' ? to : model.a[node], operand === 'b' ? to : model.b[node]]);
    }

    /** @param {number} node @param {Gate} gate */
    rewire(node, gate) {
        const { model } = this;
        const wrong = gate.slice(1).find((operand) => !Number.isInteger(operand) || operand < 0 || operand >= node);
        if (!model || wrong !== undefined) {
            const named = Number.isInteger(wrong) && Number(wrong) < (model?.nodes ?? 0) && Number(wrong) >= 0
                ? model?.nameOf(Number(wrong)) : 'that';
            this.showProblem(`Gate ${node} cannot read ${named}: a gate reads nodes before it, 0 to ${node - 1}.`);
            return;
        }
        this.store.request({ type: 'rewire', node, gate }).then(() => this.showProblem(''), (problem) => {
            this.showProblem(problem instanceof Error ? problem.message : String(problem));
        });
    }

    /** @param {string} reason */
    showProblem(reason) {
        this.problem.textContent = reason;
        this.problem.hidden = reason === '';
        clearTimeout(this.timer);
        if (reason) this.timer = setTimeout(() => this.showProblem(''), 6000);
    }

    /** @type {ReturnType<typeof setTimeout> | undefined} */
    timer = undefined;

    /** @param {KeyboardEvent} event */
    key(event) {
        if (event.altKey) return;
        const wanted = event.ctrlKey || event.metaKey ? this.command(event) : this.press(event);
        if (wanted) event.preventDefault();
    }

    /** @param {KeyboardEvent} event */
    command({ key, shiftKey }) {
        const undo = key.toLowerCase() === 'z' && !shiftKey;
        const redo = key.toLowerCase() === 'y' || (key.toLowerCase() === 'z' && shiftKey);
        if (!undo && !redo) return false;
        this.strokes.end();
        this.store.request({ type: undo ? 'undo' : 'redo' }).catch((problem) => this.showProblem(problem.message));
        return true;
    }

    /** @param {KeyboardEvent} event */
    press(event) {
        const press = pressOf(event.key);
        return press !== undefined && press(this, event) !== false;
    }

    /** Selects the node that the arrow keys have reached. */
    choose() {
        if (this.hovered !== null) this.select(this.hovered, true);
    }

    /** Clears the selection; without one, leaves the whole window. */
    leave() {
        this.input.stop();
        if (this.selected === null && this.element.classList.contains('graph-wide')) this.widen();
        this.select(null, false);
    }

    /** The node that keys act on. */
    get current() {
        return this.hovered ?? this.selected;
    }

    /** @param {Bend | null} bend */
    paint(bend) {
        const { current } = this;
        if (current === null) return false;
        // With a cone tool, its whole cone.
        const { tool } = this.tools;
        const nodes = tool === 'fan-in' || tool === 'fan-out' ? this.coneOf(current, tool) : [current];
        this.strokes.once(nodes, bend);
        this.announcement.textContent = `${this.model?.nameOf(current)} ${bend === null ? 'not bent' : bendInWords(bend)}`;
        return true;
    }

    /** @param {string} key @param {boolean} other take the other operand or the last reader */
    walk(key, other) {
        const { model, shown, current } = this;
        if (!model || !shown || shown.model !== model) return true;
        const next = current === null ? 0 : step(model, shown.layout, current, key, other);
        if (next === null) return true;
        this.hovered = next;
        this.reveal(next);
        const info = this.infoOf(next);
        if (info) this.announcement.textContent = describe(info);
        this.redraw({ marks: true });
        return true;
    }
}

/** Describes a node in one line. @param {NodeInfo} info */
function brief({ model, node, bend }) {
    const words = [model.nameOf(node)];
    if (model.isGate(node)) {
        const op = typeof bend === 'object' && bend !== null ? bend.op : model.op[node];
        const names = { a: model.nameOf(model.a[node]), b: model.nameOf(model.b[node]) };
        words.push(OPS[op].symbol.replace(/[ab]/g, (name) => names[/** @type {'a' | 'b'} */ (name)]));
        words.push(truthTable(op).map(({ a, b, out }) => `${a}${b}→${out}`).join('  '));
    }
    if (bend !== null) words.push(bendInWords(bend));
    if (!model.alive[node]) words.push('not heard');
    return words.join('   ');
}

/** Returns whether WebGL is hardware-accelerated: in software it is slower than a 2D canvas. */
function hasAcceleratedWebGl() {
    const gl = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
    if (!gl) return false;
    const info = gl.getExtension('WEBGL_debug_renderer_info');
    const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    gl.getExtension('WEBGL_lose_context')?.loseContext();
    return !/swiftshader|llvmpipe|software|basic render/i.test(name);
}

/**
 * Converts a CSS colour to numbers.
 * @param {string} text
 * @returns {Colour}
 */
function rgb(text) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) return [0.5, 0.5, 0.5];
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return [red / 255, green / 255, blue / 255];
}
