// Helpers for elements, events and canvases.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Creates an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [props] functions are listeners, named `on...`; names
 *   with a hyphen and `role`, `for`, `class`, `list` are attributes, others properties
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
 * Replaces the children of an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
    element.replaceChildren(...present(children));
}

/**
 * Replaces the children of a list of buttons. If a button had the focus, the button in its
 * place gets it, or the list itself if there is none.
 * @param {HTMLElement} element
 * @param {...Child} children
 */
export function refill(element, ...children) {
    const buttons = () => [...element.querySelectorAll('button')];
    const index = buttons().findIndex((button) => button === document.activeElement);
    fill(element, ...children);
    if (index < 0) return;
    element.tabIndex = -1;
    (buttons().slice(0, index + 1).at(-1) ?? element).focus({ preventScroll: true });
}

/** @param {Child[]} children */
function present(children) {
    return /** @type {(Node | string)[]} */ (
        children.filter((child) => child !== null && child !== undefined && child !== false)
            .map((child) => (child instanceof Node ? child : String(child)))
    );
}

/**
 * Returns an element of index.html by its id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
    const element = document.getElementById(id);
    if (!element) throw new Error(`index.html has no #${id}`);
    return element;
}

/**
 * Calls once immediately, and then for each event of these names.
 * @param {EventTarget} target
 * @param {string[]} names
 * @param {() => void} call
 */
export function on(target, names, call) {
    for (const name of names) target.addEventListener(name, call);
    call();
}

/** Interval between updates if the player prefers reduced motion. */
const REDUCED_MILLISECONDS = 500;

/** Returns true if the player prefers reduced motion. */
const reducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * Calls before each frame; twice a second if the player prefers reduced motion.
 * @param {() => void} call
 */
export function animate(call) {
    call();
    const next = () => animate(call);
    if (reducedMotion()) setTimeout(next, REDUCED_MILLISECONDS);
    else requestAnimationFrame(next);
}

/**
 * Returns a function for changes that come many times a second. It calls at once; if the
 * player prefers reduced motion, later, and twice a second at most.
 * @param {() => void} call
 * @returns {() => void}
 */
export function seldom(call) {
    let scheduled = false;
    return () => {
        if (!reducedMotion()) {
            call();
        } else if (!scheduled) {
            scheduled = true;
            setTimeout(() => {
                scheduled = false;
                call();
            }, REDUCED_MILLISECONDS);
        }
    };
}

/**
 * Clears a canvas and fits it to its size on the screen, in device pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {{ context: CanvasRenderingContext2D, width: number, height: number }} the
 *   units of the context and of the size are CSS pixels
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

/** Returns the current values of colours of style.css. @param {...string} names */
export function colours(...names) {
    const style = getComputedStyle(document.documentElement);
    return names.map((name) => style.getPropertyValue(`--${name}`).trim());
}

/**
 * Calls whenever the colours or an element's size change.
 * @param {Element} element
 * @param {() => void} call
 */
export function onAppearance(element, call) {
    new ResizeObserver(call).observe(element);
    onColours(call);
}

/**
 * Calls whenever the colours change.
 * @param {() => void} call
 */
export function onColours(call) {
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
        matchMedia(query).addEventListener('change', call);
    }
}

/**
 * Returns a function that calls at most once per frame.
 * @param {() => void} call
 * @returns {() => void}
 */
export function oncePerFrame(call) {
    let scheduled = false;
    return () => {
        if (scheduled) return;
        scheduled = true;
        requestAnimationFrame(() => {
            scheduled = false;
            call();
        });
    };
}
