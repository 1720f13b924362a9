// An instrument without sound that speaks the protocol: for tests, and to show the page
// without a server. It knows bends, layers, parameters and little else.

const RATE = 8000;

/** Returns a small network file, in which each gate combines an input and the gate before. */
export function canned(inputs = 8, name = 'canned') {
    const gates = [[6, 0, 1]];
    for (let i = 2; i < inputs; i++) gates.push([i % 2 ? 1 : 6, i, inputs + i - 2]);
    const more = gates.map((_, i) => [7, inputs + i, (i * 3) % inputs]);
    const first = inputs + gates.length;
    return JSON.stringify({
        format: 'gatebend-network', version: 1, name, sample_rate: RATE, inputs,
        layers: [{ gates }, { gates: more }],
        outputs: more.slice(-8).map((_, i) => first + more.length - Math.min(8, more.length) + i),
    });
}

const number = (key, unit, min, max, standard, step, decimals = 0, named = null) =>
    ({ key, name: key, unit, about: `About ${key}`, min, max, default: standard, step, decimals, choices: [], named });
const choice = (key, ...choices) => ({
    key, name: key, unit: '', about: `About ${key}`, min: 0, max: choices.length - 1, default: 0, step: 1,
    decimals: 0, choices, named: null,
});

export const PARAMETERS = [
    number('volume', 'dB', -60, 0, -12, 2, 0, [-60, 'off']),
    number('speed', 'x', -400, 400, 100, 5, 2),
    number('rate', 'Hz', 0, 96000, 0, 500, 0, [0, 'own']),
    choice('interpolation', 'hold', 'linear'),
    choice('swap', 'crossfade', 'instant'),
    choice('bend', '0', '1', 'invert'),
    choice('hold', 'momentary', 'latched'),
    number('radius', '%', 0, 50, 8, 1),
    choice('dead', 'hidden', 'shown'),
    number('input', 'dB', -60, 24, 0, 2, 0, [-60, 'off']),
    number('dry', '%', 0, 100, 0, 5),
];

const BUTTONS = ['previous', 'next', 'mode', 'clear', 'time'];
const page = (name, ...labels) => ({ name, labels: BUTTONS.map((button, i) => [button, labels[i] ?? button]) });
const PAGES = [page('play', 'prev'), page('menu', 'up', 'down', 'less', 'more', 'back')];

const BEND = PARAMETERS.findIndex(({ key }) => key === 'bend');

/** An instrument that outlives its connections. */
export class FakeInstrument {
    constructor(start = 1) {
        this.start = start;
        /** True if it sends sound to pages, and if it is heard without them. */
        this.sound = false;
        this.outputs = false;
        this.t = 0;
        this.state = {
            network: this.network(canned()),
            layers: { layers: [{ name: 'bends', strength: 100, bends: [] }], chosen: 0 },
            touched: { nodes: [], steered: null, bend: 'zero' },
            parameters: PARAMETERS.map((row) => row.default),
            controls: [],
            midi: { keys: [], learning: null, controllers: [] },
            library: { names: ['first-light', 'canned', 'storm'], place: 1 },
            presets: [],
            transport: { playing: true, rate: RATE, seeks: 0 },
            revision: { edits: 0, resumed: 0 },
            history: [0, 0],
            page: 'play',
            notice: '',
        };
        /** All messages received, in order. */
        this.received = [];
        /** Number of messages to take without a reply, as if the connection broke meanwhile. */
        this.mute = 0;
        /** Types of messages that never get a reply, as from an instrument that hangs. */
        this.stuck = new Set();
        /** Reasons to refuse messages, by type. @type {Record<string, string>} */
        this.refuses = {};
        /** Most bytes of a message; the connection ends beyond, as with the server. */
        this.most = 4_000_000;
        /** Returns true for messages that end the connection. */
        this.poison = () => false;
        /** The pairing code that is required, if not empty. */
        this.code = '';
        this.board = 'desk';
        /** The address of another page that trains. @type {string | undefined} */
        this.trainer = undefined;
        /** The id of the last training. @type {number | undefined} */
        this.training = undefined;
        /** Number of clients in the status, which is sent if it is not 0. */
        this.clients = 0;
        this.listeners = new Set();
    }

    network(file) {
        const { inputs, layers } = JSON.parse(file);
        const places = [];
        let node = inputs;
        layers.forEach(({ gates }, column) => gates.forEach((_, row) => places.push(
            [node++, (column + 0.5) / layers.length, (row + 0.5) / gates.length],
        )));
        const target = [JSON.parse(file).name, node];
        return { revision: (this.revision = (this.revision ?? 0) + 1), target, file, places };
    }

    /** Returns the keys that are down after messages of keys, in hexadecimal. */
    pressed(text) {
        const keys = new Set(this.state.midi.keys);
        for (const [, on, note] of text.matchAll(/([89])[0-9a-f] ([0-9a-f]{2}) [0-9a-f]{2}/g)) {
            if (on === '9') keys.add(parseInt(note, 16));
            else keys.delete(parseInt(note, 16));
        }
        return [...keys].sort((a, b) => a - b);
    }

    /** Connects, for InstrumentLink.switchTo; see `drop` and `back` for breaks. */
    connect = (listener) => {
        this.listeners.add(listener);
        this.listener = listener;
        // Another instrument may take over the connection: see `back`.
        listener.home = this;
        queueMicrotask(() => listener.onopen());
        return {
            send: (text) => queueMicrotask(() => listener.home.take(text, listener)),
            close: () => listener.home.listeners.delete(listener),
        };
    };

    drop(reason = 'The connection broke.') {
        this.listeners.clear();
        this.listener.onclose(reason);
    }

    back(listener = this.listener) {
        this.listener = listener;
        listener.home = this;
        this.listeners.add(listener);
        listener.onopen();
    }

    send(message, listener) {
        const text = JSON.stringify(message);
        for (const one of listener ? [listener] : this.listeners) {
            if (this.listeners.has(one)) one.onmessage(text);
        }
    }

    change(sections) {
        if (!sections.revision && ['network', 'layers', 'parameters'].some((section) => section in sections)) {
            const { edits, resumed } = this.state.revision;
            sections = { ...sections, revision: { edits: edits + 1, resumed } };
        }
        Object.assign(this.state, sections);
        this.send({ type: 'state', ...structuredClone(sections) });
    }

    take(text, listener) {
        const message = JSON.parse(text);
        if (this.listeners.has(listener) && (text.length > this.most || this.poison(message))) {
            this.received.push(message);
            this.drop();
        } else {
            this.handle(message, listener);
        }
    }

    handle(message, listener) {
        if (!this.listeners.has(listener)) return;
        this.received.push(message);
        const { id, type } = message;
        if (this.stuck.has(type)) return;
        if (this.refuses[type]) {
            this.send({ type: 'refused', id, reason: this.refuses[type] }, listener);
            return;
        }
        if (type === 'hello') {
            const token = this.code && `token of ${this.start} ${this.code}`;
            if (this.code && message.code !== this.code && message.token !== token) {
                if (message.code) this.send({ type: 'refused', id, reason: 'This is not the code.' }, listener);
                this.send({ type: 'pairing' }, listener);
                return;
            }
            this.send({
                type: 'welcome', version: 1, program: '0.1.0', start: this.start, board: this.board,
                rate: 44100, sound: this.sound, outputs: this.outputs, display: 64, parameters: PARAMETERS,
                regions: [
                    { name: 'field', corners: [0, 0, 1, 0.85] },
                    ...BUTTONS.map((name, i) =>
                        ({ name, corners: [i / 5, 0.85, (i + 1) / 5, 1] })),
                ],
                pages: PAGES, ...token && { token },
            }, listener);
            this.send({ type: 'state', ...this.state }, listener);
            if (this.clients) this.send({ type: 'status', t: this.t, load: 1, late: 0, engine: 'cpu', clients: this.clients, faults: [] }, listener);
            return;
        }
        let answer = { type: 'done', id };
        const refuse = (reason, at) => { answer = { type: 'refused', id, reason, ...at !== undefined && { at } }; };
        const { layers, network } = this.state;
        const { target } = message;
        if (target?.network && JSON.stringify(target.network) !== JSON.stringify(network.target)) {
            this.send({ type: 'refused', id, reason: `${target.network[0]} no longer plays.` }, listener);
            return;
        }
        if (target?.layer !== undefined) message.layer = layers.layers.findIndex(({ name }) => name === target.layer);
        if (message.layer === -1) {
            this.send({ type: 'refused', id, reason: `The layer ${target.layer} is gone.` }, listener);
            return;
        }
        const layer = layers.layers[message.layer ?? layers.chosen];
        switch (type) {
            case 'paint':
                for (const [node, bend] of message.bends) {
                    layer.bends = layer.bends.filter(([other]) => other !== node);
                    if (bend) layer.bends.push([node, bend, true]);
                }
                layer.bends.sort(([a], [b]) => a - b);
                this.change({ layers });
                break;
            case 'clear':
                if (message.layer === undefined) for (const each of layers.layers) each.bends = [];
                else layer.bends = [];
                this.change({ layers });
                break;
            case 'add-layer':
                layers.layers.push({ name: message.name ?? `layer ${layers.layers.length + 1}`, strength: 100, bends: [] });
                layers.chosen = layers.layers.length - 1;
                this.change({ layers });
                break;
            case 'remove-layer':
                if (layers.layers.length < 2) { refuse('One layer stays.'); break; }
                layers.layers.splice(message.layer, 1);
                layers.chosen = Math.min(layers.chosen, layers.layers.length - 1);
                this.change({ layers });
                break;
            case 'choose-layer': layers.chosen = message.layer; this.change({ layers }); break;
            case 'strength': layer.strength = message.strength; this.change({ layers }); break;
            case 'load':
                try {
                    this.change({ network: this.network(message.network) });
                } catch {
                    refuse('The file is not a network.');
                }
                break;
            case 'choose':
                this.change({
                    network: this.network(canned(8, this.state.library.names[message.place])),
                    library: { ...this.state.library, place: message.place },
                });
                break;
            case 'random': this.change({ network: this.network(canned(8, `random ${message.seed}`)) }); break;
            case 'set': {
                const at = PARAMETERS.findIndex(({ key }) => key === message.key);
                const { min, max } = PARAMETERS[at];
                this.state.parameters[at] = Math.max(min, Math.min(max, message.value));
                const touched = { ...this.state.touched, bend: ['zero', 'one', 'invert'][this.state.parameters[BEND]] };
                this.change({ parameters: this.state.parameters, touched });
                break;
            }
            case 'control': {
                const { controls } = this.state;
                const control = controls.find(({ name }) => name === message.name);
                if (control) control.position = message.value;
                else refuse('This network has no such control.');
                this.change({ controls });
                break;
            }
            case 'midi': this.change({ midi: { ...this.state.midi, keys: this.pressed(message.bytes) } }); break;
            case 'learn-midi': {
                const { learning } = this.state.midi;
                this.change({ midi: { ...this.state.midi, learning: learning === message.name ? null : message.name } });
                break;
            }
            case 'forget-midi': {
                const controllers = this.state.midi.controllers.filter(([, to]) => to !== message.name);
                this.change({ midi: { ...this.state.midi, controllers } });
                break;
            }
            case 'play': this.change({ transport: { ...this.state.transport, playing: message.playing } }); break;
            case 'seek':
                this.t = message.t;
                this.change({ transport: { ...this.state.transport, seeks: this.state.transport.seeks + 1 } });
                break;
            case 'save-preset': {
                const { presets } = this.state;
                const wanted = message.name ?? 'preset 1';
                this.change({ presets: [...presets, presets.includes(wanted) ? `${wanted} 2` : wanted] });
                break;
            }
            case 'replace-preset': break;
            case 'restore-preset': this.change({ presets: [...this.state.presets, message.name] }); break;
            case 'delete-preset': this.change({ presets: this.state.presets.filter((name) => name !== message.name) }); break;
            case 'show': this.change({ page: message.page }); break;
            case 'undo': refuse('Nothing to undo.'); break;
            case 'snapshot': {
                const { parameters } = this.state;
                const revision = this.state.revision.edits;
                answer = { type: 'snapshot', id, snapshot: JSON.stringify({ network: network.file, layers, parameters, revision }), t: this.t };
                break;
            }
            case 'resume':
            case 'restore': {
                const { network: file, layers: kept, parameters, revision } = JSON.parse(message.snapshot);
                const { edits, resumed } = this.state.revision;
                if (type === 'resume' && (edits !== resumed || edits >= revision)) { refuse('What plays here is newer.'); break; }
                this.t = message.t ?? this.t;
                this.change({
                    network: this.network(file), layers: kept, parameters,
                    ...type === 'resume' && { revision: { edits: revision, resumed: revision } },
                });
                break;
            }
            case 'compile': {
                const wrong = message.expression.indexOf('?');
                if (wrong >= 0) refuse('expected an operand', wrong);
                else {
                    const { bits = 16, rate, expression } = message;
                    const compiled = { ...JSON.parse(canned(bits, expression)), source: expression, sample_rate: rate };
                    const notes = expression.includes('/') ? [{ text: 'a fraction is dropped', at: expression.indexOf('/') }] : [];
                    answer = { type: 'compiled', id, network: JSON.stringify(compiled), gates: 2 * bits, bits, notes };
                }
                break;
            }
            case 'train': this.training = id; return; // A test says what it learns.
            case 'stop-training':
                answer = { type: 'refused', id: this.training, reason: 'stopped' };
                this.send(answer, listener);
                return;
            case 'waveform': {
                const columns = Array.from({ length: message.columns }, (_, i) => {
                    const height = 40 + 80 * Math.abs(Math.sin(i / 9)) * Math.abs(Math.cos(i / 61));
                    return [Math.round(128 - height), Math.round(128 + height * 0.9)];
                });
                const bent = layers.layers.some(({ bends }) => bends.length > 0);
                const changed = columns.map((_, i) => bent && i % 90 > 50);
                answer = {
                    type: 'waveform', id, period: 1 << 18, plain: columns,
                    bent: columns.map(([low, high], i) => (changed[i] ? [low + 20, high] : [low, high])), changed,
                };
                break;
            }
            default:
        }
        if (this.mute > 0) { this.mute -= 1; return; }
        if (id !== undefined) this.send(answer, listener);
    }
}

/** Waits until all promises under way have settled. */
export async function settled() {
    for (let i = 0; i < 50; i++) await Promise.resolve();
}
