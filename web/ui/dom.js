// Elements, made in one expression. Nothing else.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [props] `on...` are listeners, names with a hyphen
 *   and `role`, `for`, `class`, `list` attributes, others properties
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
        if (value === undefined || value === null) continue;
        if (typeof value === 'function') {
            element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
        } else if (name.includes('-') || ['role', 'for', 'class', 'list'].includes(name)) {
            element.setAttribute(name, String(value));
        } else {
            /** @type {any} */ (element)[name] = value;
        }
    }
    element.append(...present(children));
    return element;
}

/**
 * Puts children in place of those that are there.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
    element.replaceChildren(...present(children));
}

/**
 * The same, of a list of buttons: if one had the focus, the one in its place has it then,
 * or the list itself, where none is left.
 * @param {HTMLElement} element
 * @param {...Child} children
 */
export function refill(element, ...children) {
    const buttons = () => [...element.querySelectorAll('button')];
    const place = buttons().findIndex((button) => button === document.activeElement);
    fill(element, ...children);
    if (place < 0) return;
    element.tabIndex = -1;
    (buttons().slice(0, place + 1).at(-1) ?? element).focus({ preventScroll: true });
}

/** @param {Child[]} children */
function present(children) {
    return /** @type {(Node | string)[]} */ (
        children.filter((child) => child !== null && child !== undefined && child !== false)
            .map((child) => (child instanceof Node ? child : String(child)))
    );
}

/**
 * The element of an id that index.html has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
    const element = document.getElementById(id);
    if (!element) throw new Error(`index.html has no #${id}`);
    return element;
}

/**
 * Calls with every event of these names, and once now.
 * @param {EventTarget} target
 * @param {string[]} names
 * @param {() => void} call
 */
export function on(target, names, call) {
    for (const name of names) target.addEventListener(name, call);
    call();
}

/** Whether things shall not move by themselves. */
export const reducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * A canvas as large as it is shown, in the device's pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {{ context: CanvasRenderingContext2D, width: number, height: number }} in CSS
 *   pixels, in which is drawn
 */
export function prepareCanvas(canvas) {
    const scale = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    const [w, k] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== w || canvas.height !== k) [canvas.width, canvas.height] = [w, k];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
}

/** Colours of style.css, as they are now. @param {...string} names */
export function colours(...names) {
    const style = getComputedStyle(document.documentElement);
    return names.map((name) => style.getPropertyValue(`--${name}`).trim());
}

/**
 * Calls when the colours or an element's size change.
 * @param {Element} element
 * @param {() => void} call
 */
export function onAppearance(element, call) {
    new ResizeObserver(call).observe(element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', call);
}

/**
 * Once a frame at most, however often it is called.
 * @param {() => void} call
 * @returns {() => void}
 */
export function oncePerFrame(call) {
    let waits = false;
    return () => {
        if (waits) return;
        waits = true;
        requestAnimationFrame(() => {
            waits = false;
            call();
        });
    };
}
