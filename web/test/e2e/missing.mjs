// Prints what the tests in a browser lack, and fails if they lack nothing.

import { missing } from './instrument.mjs';

const why = await missing();
if (why) console.log(why);
process.exit(why ? 0 : 1);
