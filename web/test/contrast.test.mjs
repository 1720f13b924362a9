// Contrasts meet WCAG 2.2 AA, in light and dark.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const style = readFileSync(new URL('../style.css', import.meta.url), 'utf8');
const [light, dark] = [...style.matchAll(/:root \{\s*color-scheme: \w+;([^}]*)\}/g)].map(([, rules]) =>
    Object.fromEntries([...rules.matchAll(/--([\w-]+): (#[\da-f]{6})/g)].map(([, name, value]) => [name, value])));

function luminance(colour) {
    const [r, g, b] = [1, 3, 5].map((at) => {
        const part = parseInt(colour.slice(at, at + 2), 16) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
    const [more, less] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (more + 0.05) / (less + 0.05);
}

for (const [name, colours] of Object.entries({ light, dark })) {
    test(`texts and edges stand out, in the ${name}`, () => {
        for (const ground of ['ground', 'panel', 'raised']) {
            for (const text of ['ink', 'soft', 'one', 'bend', 'bad']) {
                const is = contrast(colours[text], colours[ground]);
                assert.ok(is >= 4.5, `${text} on ${ground}: ${is.toFixed(2)}`);
            }
            const edge = contrast(colours.edge, colours[ground]);
            assert.ok(edge >= 3, `edge on ${ground}: ${edge.toFixed(2)}`);
        }
        assert.ok(contrast(colours['on-one'], colours.one) >= 4.5);
        assert.ok(contrast(colours.ground, colours.bad) >= 4.5);
        assert.ok(contrast(colours.ebony, colours.ivory) >= 7);
    });
}
