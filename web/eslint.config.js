import js from '@eslint/js';
import globals from 'globals';

const rules = {
    eqeqeq: 'error',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    'no-var': 'error',
    'no-implicit-globals': 'error',
    'no-shadow': 'error',
    'no-throw-literal': 'error',
    'no-eval': 'error',
    'object-shorthand': 'error',
    'prefer-const': 'error',
    'require-atomic-updates': 'off',
};

export default [
    { ignores: ['node_modules/', 'types/', 'wasm/'] },
    js.configs.recommended,
    { files: ['**/*.js'], languageOptions: { globals: { ...globals.browser, ...globals.worker } }, rules },
    {
        files: ['test/**', '*.mjs', 'bench/**'],
        languageOptions: { globals: { ...globals.node, ...globals.browser } },
        rules,
    },
];
