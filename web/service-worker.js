// Keeps the page, so that it opens without a network. files.js says what belongs to
// this version: `self.VERSION`, and `self.FILES`, paths from here. All files come from
// one version, whole: a new one is fetched beside the old one, then takes its place.

const scope = /** @type {any} */ (self);
scope.importScripts('files.js');

const PREFIX = 'gatebend-';
const version = PREFIX + scope.VERSION;
const page = new URL('./', scope.location.href).href;

scope.addEventListener('install', (/** @type {any} */ event) => {
    // Past the browser's own cache, which may hold another version.
    const requests = ['./', ...scope.FILES].map((path) => new Request(path, { cache: 'reload' }));
    const kept = caches.open(version).then((cache) => cache.addAll(requests));
    event.waitUntil(kept.then(() => scope.skipWaiting()));
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
    const cleared = caches.keys().then((names) => Promise.all(
        names.filter((other) => other.startsWith(PREFIX) && other !== version)
            .map((other) => caches.delete(other)),
    ));
    event.waitUntil(cleared.then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const { request } = event;
    // HEAD is how the page asks whether it can play by itself.
    if (!['GET', 'HEAD'].includes(request.method) || !request.url.startsWith(page)) return;
    const answer = caches.open(version)
        .then((cache) => cache.match(request, { ignoreSearch: true, ignoreMethod: true }))
        .then((kept) => kept ?? fetch(request));
    event.respondWith(answer);
});
