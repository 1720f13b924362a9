// Volume, listening in this page, and recording.

import { h, on } from '../ui/dom.js';
import { describe } from '../ui/network-file.js';
import { latest } from '../ui/latest.js';
import { formatTime, fileName, formatValue } from '../ui/format.js';
import { save } from './networks.js';

/** @import { Store } from '../store/store.js' */
/** @import { Sound } from '../audio/sound.js' */

export class Output {
    /**
     * @param {HTMLElement} element
     * @param {HTMLElement} recorder
     * @param {Store} store
     * @param {Sound} sound
     */
    constructor(element, recorder, store, sound) {
        this.sound = sound;
        const set = latest((/** @type {number} */ value) => store.attempt({ type: 'set', key: 'volume', value }));
        const volume = h('input', {
            id: 'volume', type: 'range', min: '-60', max: '0', step: '1', 'aria-label': 'Volume',
            oninput: () => set(volume.valueAsNumber),
        });
        const shown = h('output', { for: 'volume', class: 'number', id: 'volume-value' });
        this.listenButton = h('button', { id: 'listen', type: 'button', class: 'pill', onclick: () => this.toggle() }, 'Listen');
        this.recordButton = h('button', {
            id: 'record', type: 'button', class: 'pill', 'aria-pressed': 'false', onclick: () => void (sound.tape ? sound.stopRecording() : sound.record()),
        });
        element.append(
            h('div', { class: 'fader' }, h('label', { for: 'volume' }, 'Volume'), volume, shown),
            this.listenButton,
        );
        recorder.append(this.recordButton);
        on(store, ['parameters', 'welcome'], () => {
            const row = store.parameter('volume');
            if (!row) return;
            [volume.min, volume.max] = [String(row.min), String(row.max)];
            const value = store.value('volume');
            if (!set.busy()) volume.valueAsNumber = value;
            shown.value = formatValue(row, value);
            volume.setAttribute('aria-valuetext', formatValue(row, value));
        });
        let problem = '';
        on(sound, ['change'], () => {
            this.draw();
            if (sound.problem && sound.problem !== problem) store.emit('problem', sound.problem);
            ({ problem } = sound);
        });
        sound.addEventListener('recorded', (event) => {
            save(/** @type {CustomEvent} */ (event).detail, `${fileName(describe(store.state.network?.file).name)}.wav`);
        });
        on(store, ['welcome'], () => this.draw());
        setInterval(() => {
            if (sound.tape) this.draw();
        }, 250);
    }

    /** Starts or stops listening in this page. */
    toggle() {
        if (this.sound.audible) this.sound.mute();
        else void this.sound.listen();
    }

    draw() {
        const { sound } = this;
        const { audible, tape } = sound;
        this.listenButton.setAttribute('aria-pressed', String(audible));
        this.listenButton.title = audible ? 'Stop listening in this page (L)' : 'Listen in this page (L)';
        const can = sound.possible;
        this.recordButton.disabled = !can && !tape;
        this.recordButton.title = can ? 'Record to a WAV file' : 'Nothing to record: this page has no sound';
        this.recordButton.setAttribute('aria-pressed', String(tape !== null));
        this.recordButton.textContent = tape ? `Stop ${formatTime(tape.recording.seconds)}` : 'Record';
    }
}
