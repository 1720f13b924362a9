// Wires the page together; nothing else.

import { at } from './ui/dom.js';
import { createGraph } from './graph/graph.js';
import { keep } from './store/offline.js';
import { connect } from './link/socket.js';
import { LocalStorage } from './store/local-storage.js';
import { Sound } from './audio/sound.js';
import { Store } from './store/store.js';
import { Bends } from './panels/bends.js';
import { Connection } from './panels/connection.js';
import { Display } from './panels/display.js';
import { Expression } from './panels/expression.js';
import { Faults } from './panels/faults.js';
import { Help } from './panels/help.js';
import { Keys } from './panels/keys.js';
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

const notices = new Notices(at('notices'), store);
new Faults(at('faults'), store);
const transport = new Transport(at('transport'), store);
const output = new Output(at('output'), at('recorder'), store, sound);
const connection = new Connection(at('connection'), store, sound, new LocalStorage(store));
new Waveform(at('waveform'), store);
new Expression(at('expression'), store);
const networks = new Networks(at('networks'), store, notices);
new Presets(at('presets'), store);
new Display(at('display'), store);
new Pad(at('pad'), store);
createGraph(at('graph'), store);
const bends = new Bends(at('bends'), store);
new Parameters(at('parameters'), store);
new Scope(at('scope'), store, sound, output);
new Status(at('status'), store);
new Views(at('views'));
const keys = new Keys({ store, transport, output, networks, bends });
const help = new Help(at('help'), keys);
keys.add('?', 'This help', () => help.toggle());

connection.start(connect);

void keep(() => {
    notices.offer('Another version of this page is there.', 'Load it', () => location.reload());
});
