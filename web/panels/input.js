// The input of the instrument: its gain and mix, and the microphone of the one in the page.

import { animate, fill, h, on } from '../ui/dom.js';
import { controls } from './control.js';

/** @import { Store } from '../store/store.js' */
/** @import { Microphone } from '../audio/microphone.js' */

/** Parameters of the input. */
export const PARAMETERS = ['input', 'dry'];
/** Fall of the shown level per frame. */
const FALL = 0.9;

export class Input {
    /** @param {HTMLElement} element @param {Store} store @param {Microphone} microphone */
    constructor(element, store, microphone) {
        const button = h('button', {
            type: 'button', id: 'microphone', class: 'pill', 'aria-describedby': 'input-message',
            onclick: () => {
                if (button.getAttribute('aria-disabled') === 'true') return;
                if (microphone.on) microphone.close();
                else void microphone.open();
            },
        }, 'Microphone');
        const meter = h('meter', { id: 'input-level', min: 0, max: 1, high: 0.95, 'aria-label': 'Input level' });
        const devices = h('select', {
            id: 'input-device', 'aria-label': 'Input device', hidden: true, onchange: () => void microphone.open(devices.value),
        });
        const message = h('p', { id: 'input-message', class: 'soft', role: 'status' });
        const gains = h('div', { class: 'controls' });
        controls(store, gains, 'hear', ({ key }) => PARAMETERS.includes(key));
        element.append(h('div', { class: 'line' }, button, meter), devices, message, gains);
        const list = async () => {
            const all = microphone.on ? await microphone.devices() : [];
            devices.hidden = all.length < 2;
            fill(devices, ...all.map(({ deviceId, label }) =>
                h('option', { value: deviceId, selected: deviceId === microphone.device }, label)));
        };
        let wasOn = false;
        const draw = () => {
            const { missing, opening, problem } = microphone;
            button.setAttribute('aria-pressed', String(microphone.on));
            button.setAttribute('aria-disabled', String(missing !== ''));
            meter.hidden = !microphone.on;
            const hint = microphone.on && store.welcome && !store.playing.hears ? 'This network does not listen.'
                : microphone.on ? 'Use headphones, or it hears itself.' : '';
            message.textContent = missing || problem || (opening ? 'The browser asks for your permission.' : hint);
            message.classList.toggle('bad', missing === '' && problem !== '');
            if (wasOn !== microphone.on) void list().catch(() => {});
            wasOn = microphone.on;
        };
        on(microphone, ['change'], draw);
        on(store, ['welcome', 'connection', 'network'], draw);
        navigator.mediaDevices?.addEventListener('devicechange', () => void list().catch(() => {}));
        let level = 0;
        animate(() => {
            if (!microphone.on) return;
            level = Math.max(microphone.level, level * FALL);
            meter.value = Math.min(1, level);
        });
    }
}
