// Makes the page one that opens without a network, where a browser and the place it is
// served from let it: a secure context, and a files.js beside it.

/**
 * @param {() => void} onnew another version is there than this page is of: loading it
 *   anew shows it
 * @returns {Promise<boolean>} whether it will be kept
 */
export async function keep(onnew) {
    const container = navigator.serviceWorker;
    if (!container) return false;
    const version = () => fetch(new URL('../files.js', import.meta.url))
        .then((list) => (list.ok ? list.text() : ''), () => '');
    const ours = version();
    container.addEventListener('controllerchange', async () => {
        if (await version() !== await ours) onnew();
    });
    try {
        await container.register(new URL('../service-worker.js', import.meta.url), { updateViaCache: 'none' });
        return true;
    } catch {
        return false;
    }
}
