// Caches the page, so that it opens without a network. files.js sets `self.VERSION` and
// `self.FILES`, the relative paths of this version. All files come from one complete
// version: a new one is fetched while the old one is in use, then replaces it. If the
// server has another version or another page at this address, that one is shown.

const scope = /** @type {any} */ (self);
scope.importScripts('files.js');

/** A server that takes longer to answer counts as absent. */
const TIMEOUT_MILLISECONDS = 1500;
const page = new URL('./', scope.location.href);
/** Caches belong to the origin, which may have such pages at several paths. */
const PREFIX = `gatebend ${page.pathname} `;
const version = PREFIX + scope.VERSION;
/** Client ids of pages that are of another version. @type {Set<string>} */
const others = new Set();

scope.addEventListener('install', (/** @type {any} */ event) => {
    // Bypasses the browser's own cache, which may hold another version.
    const requests = ['./', 'files.js', ...scope.FILES].map((path) => new Request(path, { cache: 'reload' }));
    const filled = caches.open(version).then((cache) => cache.addAll(requests));
    event.waitUntil(filled.then(() => scope.skipWaiting()));
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
    event.waitUntil(deleteCaches((name) => name !== version).then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const { request } = event;
    // The page sends HEAD to find out whether it can play alone.
    if (!['GET', 'HEAD'].includes(request.method) || !request.url.startsWith(page.href)) return;
    if (others.has(event.clientId)) return;
    event.respondWith(request.mode === 'navigate' ? navigate(event) : cached(request));
});

/** @param {Request} request */
async function cached(request) {
    const cache = await caches.open(version);
    return await cache.match(request, { ignoreSearch: true, ignoreMethod: true }) ?? fetch(request);
}

/**
 * Answers with the cached page, unless the server has another version.
 * @param {any} event
 */
async function navigate({ request, resultingClientId }) {
    const list = await fetchList();
    if (list === null || list.includes(`'${scope.VERSION}'`)) return cached(request);
    others.add(resultingClientId);
    if (!list.includes('self.VERSION')) {
        // Another page is at this address.
        await deleteCaches(() => true);
        await scope.registration.unregister();
    }
    return fetch(request);
}

/** Returns the server's files.js; empty if it has none, null if it does not answer. */
async function fetchList() {
    const late = new Promise((resolve) => { setTimeout(resolve, TIMEOUT_MILLISECONDS, null); });
    const answer = fetch(new Request('files.js', { cache: 'no-store' }))
        .then((list) => (list.ok ? list.text() : ''), () => null);
    return Promise.race([answer, late]);
}

/**
 * Deletes caches of this path.
 * @param {(name: string) => boolean} selected
 */
async function deleteCaches(selected) {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && selected(name)).map((name) => caches.delete(name)));
}
