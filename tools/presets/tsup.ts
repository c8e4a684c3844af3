import { defineConfig, type Options } from 'tsup';

/** The build of every package: ESM and CJS with declarations, from `src/index.ts` unless told otherwise. */
export const library = (overrides: Options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'es2022',
    splitting: false,
    removeNodeProtocol: false,
    ...overrides,
  });
