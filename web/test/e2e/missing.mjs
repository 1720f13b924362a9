// Says what is missing to try the page in a browser, and fails if nothing is.

import { missing } from './instrument.mjs';

const why = await missing();
if (why) console.log(why);
process.exit(why ? 0 : 1);
