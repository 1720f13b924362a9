// The instrument's display, pixel by pixel, and buttons for its pages.

import { h, on, refill, seldom } from '../ui/dom.js';

/** @import { Store } from '../store/store.js' */
/** @import { Display as Contents } from '../link/frames.js' */

const WIDTH = 128;
/** Brightness at the lowest contrast, as a fraction of the highest. */
const MIN_BRIGHTNESS = 0.35;

/**
 * Calls for each lit pixel.
 * @param {Contents} display
 * @param {(x: number, y: number) => void} lit
 */
export function eachPixel({ height, bytes }, lit) {
    for (let y = 0; y < height; y++) {
        for (let x = 0; x < WIDTH; x++) {
            if ((bytes[(y >> 3) * WIDTH + x] >> (y & 7)) & 1) lit(x, y);
        }
    }
}

export class Display {
    /** @param {HTMLElement} element @param {Store} store */
    constructor(element, store) {
        const canvas = h('canvas', { id: 'oled', width: WIDTH, height: 64, role: 'img' });
        const row = h('div', { id: 'pages', role: 'group', 'aria-label': 'Display pages' });
        element.append(h('div', { class: 'glass' }, canvas), row);
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));

        const draw = () => {
            const height = store.welcome?.display ?? 64;
            element.hidden = height === 0;
            const { display } = store;
            if (canvas.height !== (display?.height || height || 64)) canvas.height = display?.height || height || 64;
            const image = context.createImageData(canvas.width, canvas.height);
            if (display?.on) {
                const light = MIN_BRIGHTNESS + (1 - MIN_BRIGHTNESS) * display.contrast / 255;
                const [r, g, b] = [205, 235, 255].map((part) => Math.round(part * light));
                eachPixel(display, (x, y) => image.data.set([r, g, b, 255], 4 * (y * WIDTH + x)));
            }
            context.putImageData(image, 0, 0);
            canvas.dataset.on = String(display?.on ?? false);
        };
        const drawSeldom = seldom(draw);
        on(store, ['welcome'], draw);
        // Only the page that shows the gates changes many times a second.
        store.addEventListener('display', () => (store.state.page === 'play' ? drawSeldom : draw)());
        on(store, ['welcome'], () => refill(row, ...(store.welcome?.pages ?? []).map(({ name: page }) => h('button', {
            type: 'button', class: 'quiet', id: `page-${page}`, onclick: () => void store.attempt({ type: 'show', page }),
        }, page))));
        on(store, ['page', 'display', 'welcome'], () => {
            const page = store.state.page ?? '';
            for (const button of row.children) button.setAttribute('aria-pressed', String(button.textContent === page));
            canvas.setAttribute('aria-label', `Display: ${page} page${store.display?.on === false ? ', off' : ''}`);
        });
    }
}
