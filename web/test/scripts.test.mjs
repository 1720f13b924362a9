import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { PATIENCE } from './browser.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const script of ['web/build.sh', 'web/bundle.sh', 'web/check.sh']) {
    test(`${script} prints its help, and nothing else`, () => {
        const help = execFileSync(script, ['--help'], { cwd: root, encoding: 'utf8', ...PATIENCE });
        assert.ok(help.includes(`Usage: ${script}`) && help.split('\n').length < 8, help);
    });
}
