import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** `npm run test:slow` asks for the files `*.slow.test.ts`, which every other run leaves out. */
const slow = process.env['SELFSUP_TESTS'] === 'slow';

const setup = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** The test run of every package: sources through the `@selfsup/source` condition, gradients registered, leaks are failures. */
export const shared = (overrides: ViteUserConfig['test'] = {}) =>
  defineConfig({
    resolve: { conditions: ['@selfsup/source', 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: ['@selfsup/source', 'module', 'node', 'development|production'] } },
    test: {
      include: [slow ? 'src/**/*.slow.test.ts' : 'src/**/*.test.ts'],
      exclude: slow ? [] : ['**/*.slow.test.ts'],
      environment: 'node',
      isolate: false, // a process for each file costs half a second: tests leave behind what they found, the checks of leaks see to it
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // the JSON report is what `npm test` counts; nx keeps it with the cached result
      reporters: ['default', ['json', { outputFile: slow ? 'coverage/vitest-slow.json' : 'coverage/vitest.json' }]],
      globalSetup: [setup('./setup-scratch.ts')],
      setupFiles: [setup('./setup-gradients.ts'), setup('./setup-leak-check.ts'), setup('./setup-properties.ts')],
      ...overrides,
    },
  });
