import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The tests of the workshop itself: no tfjs, no leak check.
export default defineConfig({
  root: fileURLToPath(new URL('../', import.meta.url)),
  test: {
    include: ['tools/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    globalSetup: [fileURLToPath(new URL('./presets/setup-scratch.ts', import.meta.url))],
    reporters: ['default', ['json', { outputFile: 'coverage/vitest.json' }]],
  },
});
