/** What a package may import from this workspace in the code that it ships. */
export type Doors = Readonly<Record<string, readonly string[] | 'everything'>>;

/**
 * The doors of the house, package by package. A package that is not in this table may not exist:
 * a new one comes in through `npm run new -- package <name>`, which gives it the door to `core`.
 *
 * `pretext-tasks` never reaches `trainer`, `augment`, `encoders` or `data`, and `trainer` never reaches `pretext-tasks`:
 * a task receives encoders as factories and batches as plain objects. See docs/adr/0008-core-errors-everywhere.md.
 */
export const doors: Doors = {
  '@selfsup/core': [],
  '@selfsup/wasm-kernels': [],
  '@selfsup/safetensors': ['@selfsup/core'],
  '@selfsup/optim': ['@selfsup/core'],
  '@selfsup/losses': ['@selfsup/core'],
  '@selfsup/augment': ['@selfsup/core'],
  '@selfsup/encoders': ['@selfsup/core'],
  '@selfsup/trainer': ['@selfsup/core', '@selfsup/optim', '@selfsup/safetensors'],
  '@selfsup/evaluate': ['@selfsup/core', '@selfsup/optim'],
  '@selfsup/data': ['@selfsup/core'],
  '@selfsup/backends': ['@selfsup/core', '@selfsup/tensorflow-kernels', '@selfsup/wasm-kernels', '@selfsup/webgpu-kernels'],
  '@selfsup/pretext-tasks': ['@selfsup/core', '@selfsup/losses'],
  '@selfsup/testing': ['@selfsup/core'],
  '@selfsup/pretrain': [
    '@selfsup/augment',
    '@selfsup/backends',
    '@selfsup/core',
    '@selfsup/data',
    '@selfsup/distributed',
    '@selfsup/encoders',
    '@selfsup/evaluate',
    '@selfsup/export',
    '@selfsup/losses',
    '@selfsup/optim',
    '@selfsup/pretext-tasks',
    '@selfsup/safetensors',
    '@selfsup/trainer',
  ],
  '@selfsup/report': ['@selfsup/core', '@selfsup/pretrain'],
  'create-selfsup-task': [],
  '@selfsup/export': ['@selfsup/core'],
  '@selfsup/webgpu-kernels': ['@selfsup/core'],
  '@selfsup/tensorflow-kernels': ['@selfsup/core'],
  '@selfsup/distributed': ['@selfsup/core'],
  selfsup: 'everything',
};

/** What the tests of any package may import without listing it: they all run on a backend, and the root provides the test tools. */
export const testDoors: readonly string[] = [
  '@selfsup/backends',
  '@selfsup/wasm-kernels',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-layers',
  'fast-check',
  'vitest',
];
