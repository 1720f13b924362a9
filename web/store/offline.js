// Registers the service worker, which makes the page open without a network.

/**
 * Registers the service worker where the browser has them, the context is secure and the
 * server has a files.js.
 * @param {() => void} onupdate called when another version of the page is available
 * @returns {Promise<boolean>} true if it was registered
 */
export async function registerServiceWorker(onupdate) {
    const container = navigator.serviceWorker;
    if (!container) return false;
    const version = () => fetch(new URL('../files.js', import.meta.url))
        .then((list) => (list.ok ? list.text() : ''), () => '');
    const ours = version();
    container.addEventListener('controllerchange', async () => {
        if (await version() !== await ours) onupdate();
    });
    try {
        await container.register(new URL('../service-worker.js', import.meta.url), { updateViaCache: 'none' });
        return true;
    } catch {
        return false;
    }
}
