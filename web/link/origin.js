// The server of this page.

/** Host names of this computer. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** Returns true if the page comes from this computer. */
export const isLocal = () => LOOPBACK.test(location.hostname);
