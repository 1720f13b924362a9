// Creates the page's store, sound and panels.

import { byId } from './ui/dom.js';
import { createGraph } from './graph/graph.js';
import { registerServiceWorker } from './store/offline.js';
import { connect } from './link/socket.js';
import { LocalStorage } from './store/local-storage.js';
import { MidiInputs } from './link/midi-inputs.js';
import { MidiOutput } from './store/midi.js';
import { Microphone } from './audio/microphone.js';
import { Sound } from './audio/sound.js';
import { Store } from './store/store.js';
import { Bends } from './panels/bends.js';
import { Connection } from './panels/connection.js';
import { Controls } from './panels/controls.js';
import { Display } from './panels/display.js';
import { Expression } from './panels/expression.js';
import { Faults } from './panels/faults.js';
import { Help } from './panels/help.js';
import { Input } from './panels/input.js';
import { Keyboard } from './panels/keyboard.js';
import { Keys } from './panels/keys.js';
import { Lead } from './panels/lead.js';
import { Learn } from './panels/learn.js';
import { Networks } from './panels/networks.js';
import { Notices } from './panels/notices.js';
import { Output } from './panels/output.js';
import { Pad } from './panels/pad.js';
import { Parameters } from './panels/parameters.js';
import { Presets } from './panels/presets.js';
import { Scope } from './panels/scope.js';
import { Status } from './panels/status.js';
import { Transport } from './panels/transport.js';
import { Views } from './panels/views.js';
import { Waveform } from './panels/waveform.js';

const store = new Store();
const sound = new Sound(store);

const notices = new Notices(byId('notices'), store);
new Faults(byId('faults'), store);
const transport = new Transport(byId('transport'), store, sound);
const output = new Output(byId('output'), byId('recorder'), store, sound);
const connection = new Connection(byId('connection'), store, sound, new LocalStorage(store));
new Waveform(byId('waveform'), store);
new Expression(byId('expression'), store);
const learn = new Learn(byId('training'), store, sound);
const networks = new Networks(byId('networks'), store, notices, learn);
new Presets(byId('presets'), store);
new Display(byId('display'), store);
new Pad(byId('pad'), store);
createGraph(byId('graph'), store, { tool: 'brush' });
const bends = new Bends(byId('bends'), store);
const midi = new MidiOutput(store);
new Keyboard(byId('keyboard'), store, midi, new MidiInputs((bytes) => midi.send(bytes)));
new Controls(byId('controls'), byId('learned'), store);
new Input(byId('input'), store, new Microphone(sound));
new Parameters(byId('settings'), store);
new Scope(byId('scope'), store, sound, output);
new Status(byId('status'), store);
new Views(byId('views'));
new Lead(byId('lead'), store, sound);
const keys = new Keys({ store, transport, output, networks, bends });
const help = new Help(byId('help'), keys);
keys.add('?', 'Show this help', () => help.toggle());

connection.start(connect);

void registerServiceWorker(() => {
    notices.offer('A new version of this page is available.', 'Reload', () => location.reload());
});
