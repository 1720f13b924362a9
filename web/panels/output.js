// How loud, and whether it is heard in this page; recordings.

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
        this.store = store;
        this.sound = sound;
        /** Something was heard here: who plays knows how. */
        this.heard = false;
        this.silent = h('span', { id: 'silent' }, 'Press Listen to hear it here');
        document.getElementById('period-title')?.append(this.silent);
        const set = latest((/** @type {number} */ value) => store.attempt({ type: 'set', key: 'volume', value }));
        const volume = h('input', {
            id: 'volume', type: 'range', min: '-60', max: '0', step: '1', 'aria-label': 'Volume',
            oninput: () => set(volume.valueAsNumber),
        });
        const shown = h('output', { for: 'volume', class: 'number', id: 'volume-value' });
        this.listenButton = h('button', { id: 'listen', type: 'button', class: 'pill', onclick: () => this.toggle() });
        this.recordButton = h('button', {
            id: 'record', type: 'button', class: 'pill', 'aria-pressed': 'false', onclick: () => void (sound.tape ? sound.stop() : sound.record()),
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

    /** To listen in this page, or no longer. */
    toggle() {
        if (this.sound.hears) this.sound.silence();
        else void this.sound.listen();
    }

    draw() {
        const { sound, store } = this;
        const { hears, tape } = sound;
        this.heard ||= hears;
        this.listenButton.textContent = hears ? 'Listening' : 'Listen';
        this.listenButton.setAttribute('aria-pressed', String(hears));
        this.listenButton.title = hears ? 'Heard in this page; press to stop (L)' : 'Hear it in this page (L)';
        const can = sound.on || store.welcome?.sound === true;
        const first = can && !this.heard;
        this.listenButton.classList.toggle('main', first);
        this.silent.hidden = !first;
        this.recordButton.disabled = !can && !tape;
        this.recordButton.title = can ? 'Record what is heard, to a WAV file' : 'Nothing is heard in this page to be recorded';
        this.recordButton.setAttribute('aria-pressed', String(tape !== null));
        this.recordButton.textContent = tape ? `Stop ${formatTime(tape.recording.seconds)}` : 'Record';
    }
}
