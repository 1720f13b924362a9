// Keeps the page, so that it opens without a network. files.js says what belongs to
// this version: `self.VERSION`, and `self.FILES`, paths from here. All files come from
// one version, whole: a new one is fetched beside the old one, then takes its place.
// Where another version or another page answers at this address, it is shown instead.

const scope = /** @type {any} */ (self);
scope.importScripts('files.js');

/** Who does not answer for so long is not there. */
const PATIENCE_MILLISECONDS = 1500;
const page = new URL('./', scope.location.href);
/** Caches are the origin's, and other paths of it may have pages like this one. */
const PREFIX = `gatebend ${page.pathname} `;
const version = PREFIX + scope.VERSION;
/** Pages that are not of this version, by the browser's names for them. @type {Set<string>} */
const others = new Set();

scope.addEventListener('install', (/** @type {any} */ event) => {
    // Past the browser's own cache, which may hold another version.
    const requests = ['./', 'files.js', ...scope.FILES].map((path) => new Request(path, { cache: 'reload' }));
    const whole = caches.open(version).then((cache) => cache.addAll(requests));
    event.waitUntil(whole.then(() => scope.skipWaiting()));
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
    event.waitUntil(clear((name) => name !== version).then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const { request } = event;
    // HEAD is how the page asks whether it can play by itself.
    if (!['GET', 'HEAD'].includes(request.method) || !request.url.startsWith(page.href)) return;
    if (others.has(event.clientId)) return;
    event.respondWith(request.mode === 'navigate' ? arrive(event) : kept(request));
});

/** @param {Request} request */
async function kept(request) {
    const cache = await caches.open(version);
    return await cache.match(request, { ignoreSearch: true, ignoreMethod: true }) ?? fetch(request);
}

/**
 * What is shown to who comes here: what is kept, unless something else answers.
 * @param {any} event
 */
async function arrive({ request, resultingClientId }) {
    const list = await there();
    if (list === null || list.includes(`'${scope.VERSION}'`)) return kept(request);
    others.add(resultingClientId);
    if (!list.includes('self.VERSION')) {
        // The address is another page's now.
        await clear(() => true);
        await scope.registration.unregister();
    }
    return fetch(request);
}

/** The list of files at this address; empty if that is another page's, null if nobody answers. */
async function there() {
    const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MILLISECONDS, null); });
    const answer = fetch(new Request('files.js', { cache: 'no-store' }))
        .then((list) => (list.ok ? list.text() : ''), () => null);
    return Promise.race([answer, late]);
}

/**
 * Forgets what was kept here.
 * @param {(name: string) => boolean} which of the caches of this path
 */
async function clear(which) {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && which(name)).map((name) => caches.delete(name)));
}
