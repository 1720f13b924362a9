// Transport: play, pause, reset, reverse, speed and the network time.

import { fill, h, on, seldom } from '../ui/dom.js';
import { describe } from '../ui/network-file.js';
import { latest } from '../ui/latest.js';
import { formatTime, groupDigits, formatValue } from '../ui/format.js';

/** @import { Store } from '../store/store.js' */
/** @import { Sound } from '../audio/sound.js' */

/** Interval between updates of the time. */
const UPDATE_MILLISECONDS = 50;
/** Change of the speed for one key press, in hundredths. */
const SPEED_STEP = 5;

export class Transport {
    /** @param {HTMLElement} element @param {Store} store @param {Sound} sound */
    constructor(element, store, sound) {
        this.store = store;
        this.sound = sound;
        this.setSpeed = latest((/** @type {number} */ value) => store.attempt({ type: 'set', key: 'speed', value }));
        const play = h('button', { id: 'play', type: 'button', onclick: () => this.playOrPause() });
        const reset = h('button', {
            id: 'reset-time', type: 'button', class: 'round', 'aria-label': 'Back to the start', title: 'Back to the start (Home)',
            onclick: () => this.reset(),
        }, icon('reset'));
        const reverse = h('button', {
            id: 'reverse', type: 'button', class: 'round', 'aria-label': 'Reverse', title: 'Reverse (R)', onclick: () => this.reverse(),
        }, icon('reverse'));
        const speed = h('input', {
            id: 'speed', type: 'range', min: '-400', max: '400', step: '5', 'aria-label': 'Speed',
            list: 'speeds', oninput: () => this.setSpeed(speed.valueAsNumber),
            ondblclick: () => this.setSpeed(100),
        });
        const speeds = h('datalist', { id: 'speeds' }, ...[-100, 0, 100].map((value) => h('option', { value: String(value) })));
        const value = h('output', { for: 'speed', class: 'number', id: 'speed-value' });
        const time = h('output', { id: 'time', class: 'number', 'aria-label': 'Network time in samples', 'aria-live': 'off' });
        const clock = h('span', { class: 'number soft', id: 'clock' });
        element.append(
            reset, play, reverse,
            h('div', { class: 'fader' }, h('label', { for: 'speed' }, 'Speed'), speed, speeds, value),
            h('div', { id: 'now' }, h('span', { class: 'soft' }, 't'), time, clock),
        );

        let shown = '';
        const drawPlay = () => {
            const word = this.plays ? 'Pause' : 'Play';
            play.classList.toggle('lead', sound.leads);
            play.classList.toggle('main', sound.leads || this.plays);
            if (word === shown) return;
            shown = word;
            play.title = `${word} (Space)`;
            fill(play, icon(this.plays ? 'pause' : 'play'), h('span', {}, word));
        };
        sound.addEventListener('change', drawPlay);
        on(store, ['transport', 'connection', 'welcome'], drawPlay);
        on(store, ['parameters', 'welcome'], () => {
            const row = store.parameter('speed');
            if (!row) return;
            const hundredths = store.value('speed');
            [speed.min, speed.max] = [String(row.min), String(row.max)];
            if (!this.setSpeed.busy()) speed.valueAsNumber = hundredths;
            value.value = formatValue(row, hundredths);
            speed.setAttribute('aria-valuetext', value.value);
            reverse.setAttribute('aria-pressed', String(hundredths < 0));
        });
        let rate = 8000;
        on(store, ['network', 'transport'], () => {
            rate = store.state.transport?.rate || describe(store.state.network?.file).rate;
        });
        const read = () => {
            if (document.hidden) return;
            const { t } = store;
            time.value = groupDigits(t);
            clock.textContent = formatTime(t / rate);
        };
        setInterval(seldom(read), UPDATE_MILLISECONDS);
        read();
    }

    /** True if the instrument plays, and the player hears it or has heard it. */
    get plays() {
        return (this.store.state.transport?.playing ?? false) && !this.sound.leads;
    }

    /** Plays or pauses. The first time, the page begins to sound as well. */
    playOrPause() {
        const { sound, store } = this;
        const playing = !this.plays;
        if (sound.leads) void sound.listen();
        if (playing !== store.state.transport?.playing) void store.attempt({ type: 'play', playing });
    }

    reset() {
        void this.store.attempt({ type: 'seek', t: 0 });
    }

    reverse() {
        void this.store.attempt({ type: 'set', key: 'speed', value: -this.store.value('speed') });
    }

    /** @param {number} steps */
    faster(steps) {
        void this.store.attempt({ type: 'set', key: 'speed', value: this.store.value('speed') + SPEED_STEP * steps });
    }
}

const PATHS = {
    play: 'M7 4.5v15l12-7.5z',
    pause: 'M6.5 5h4v14h-4zM13.5 5h4v14h-4z',
    reset: 'M5 5h3v14H5zM20 5v14L9 12z',
    reverse: 'M11 5v4h9v6h-9v4l-8-7z',
};

/** @param {keyof typeof PATHS} name */
function icon(name) {
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', PATHS[name]);
    svg.append(path);
    return svg;
}
