// Transport: play, pause, reset, reverse, speed and the network time.

import { fill, h, on, reducedMotion } from '../ui/dom.js';
import { latest } from '../ui/latest.js';
import { formatTime, groupDigits, formatValue } from '../ui/format.js';
import { shownTime } from '../ui/period.js';

/** @import { Store } from '../store/store.js' */

/** Interval between updates of the time, normally and with reduced motion. */
const UPDATE_MILLISECONDS = 50;
const REDUCED_MILLISECONDS = 500;
/** Change of the speed for one key press, in hundredths. */
const SPEED_STEP = 5;

export class Transport {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        this.store = store;
        this.setSpeed = latest((/** @type {number} */ value) => store.attempt({ type: 'set', key: 'speed', value }));
        const play = h('button', { id: 'play', type: 'button', class: 'round main', onclick: () => this.playOrPause() });
        const reset = h('button', {
            id: 'reset-time', type: 'button', class: 'round', 'aria-label': 'Reset time', title: 'Reset time (Home)',
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
        const shown = h('output', { for: 'speed', class: 'number', id: 'speed-value' });
        const time = h('output', { id: 'time', class: 'number', 'aria-label': 'Network time in samples', 'aria-live': 'off' });
        const clock = h('span', { class: 'number soft', id: 'clock' });
        element.append(
            reset, play, reverse,
            h('div', { class: 'fader' }, h('label', { for: 'speed' }, 'Speed'), speed, speeds, shown),
            h('div', { id: 'now' }, h('span', { class: 'soft' }, 't'), time, clock),
        );

        on(store, ['transport', 'connection'], () => {
            const playing = store.state.transport?.playing ?? false;
            play.setAttribute('aria-label', playing ? 'Pause' : 'Play');
            play.title = `${playing ? 'Pause' : 'Play'} (Space)`;
            play.setAttribute('aria-pressed', String(playing));
            fill(play, icon(playing ? 'pause' : 'play'));
        });
        on(store, ['parameters', 'welcome'], () => {
            const row = store.parameter('speed');
            if (!row) return;
            const value = store.value('speed');
            [speed.min, speed.max] = [String(row.min), String(row.max)];
            if (!this.setSpeed.busy()) speed.valueAsNumber = value;
            shown.value = formatValue(row, value);
            speed.setAttribute('aria-valuetext', formatValue(row, value));
            reverse.setAttribute('aria-pressed', String(value < 0));
        });
        on(store, ['network'], () => {
            time.title = `Samples since 0; before 0, counted back from the end of the loop of ${groupDigits(2 ** store.playing.bits)}`;
        });
        const read = () => {
            if (document.hidden) return;
            const { playing: { bits, rate }, t } = store;
            const position = shownTime(t, 2 ** bits);
            time.value = groupDigits(position);
            clock.textContent = formatTime(position / rate);
        };
        setInterval(read, reducedMotion() ? REDUCED_MILLISECONDS : UPDATE_MILLISECONDS);
        read();
    }

    playOrPause() {
        void this.store.attempt({ type: 'play', playing: !this.store.state.transport?.playing });
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
