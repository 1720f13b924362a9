// Makes the page one that opens without a network, where a browser and the place it is
// served from let it: a secure context, and a files.js beside it.

/**
 * @param {() => void} onnew another version is there: loading the page anew shows it.
 *   Not called for the first one.
 * @returns {Promise<boolean>} whether it will be kept
 */
export async function keep(onnew) {
    const container = navigator.serviceWorker;
    if (!container) return false;
    const first = !container.controller;
    let told = first;
    container.addEventListener('controllerchange', () => {
        if (told) told = false;
        else onnew();
    });
    try {
        await container.register(new URL('./service-worker.js', import.meta.url));
        return true;
    } catch {
        return false;
    }
}
