import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, type PackageManifest } from '../workspace/packages.ts';
import { writePlan } from './file-plan.ts';
import { camelCase, whyNotAName } from './names.ts';

/** Options of {@link newPackage}. */
export interface NewPackageOptions {
  /** One line for package.json and the README, without a full stop. */
  readonly description?: string;
}

/**
 * Writes `packages/<name>` in the shape that every package has, its door to `core`, its size limit and a changeset.
 *
 * @returns the files written
 * @throws Error with one clear line on a bad name or an existing package; nothing is written then
 */
export const newPackage = async (root: string, name: string, options: NewPackageOptions = {}): Promise<readonly string[]> => {
  const { description = `The ${name} of selfsup` } = options;
  const reason = whyNotAName(name);
  if (reason) throw new Error(`new package: ${reason}`);
  const folder = `packages/${name}`;
  if (existsSync(join(root, folder))) throw new Error(`new package: ${folder} exists already: choose another name`);

  const core = readJson(join(root, 'packages/core/package.json')) as PackageManifest;
  const sizeLimits = readJson(join(root, '.size-limit.json')) as object[];
  const doors = readFileSync(join(root, 'tools/package-graph/doors.ts'), 'utf8');
  const lastDoor = "  selfsup: 'everything',\n";
  if (!doors.includes(lastDoor))
    throw new Error(`new package: tools/package-graph/doors.ts has no line \`${lastDoor.trim()}\` to add the door before`);

  const plan = {
    [`${folder}/package.json`]: manifest(name, description, core.version),
    [`${folder}/README.md`]: readme(name, description),
    [`${folder}/CHANGELOG.md`]: `# @selfsup/${name}\n`,
    [`${folder}/LICENSE`]: readFileSync(join(root, 'packages/core/LICENSE'), 'utf8'),
    [`${folder}/tsconfig.json`]: '{ "extends": "../../tsconfig.base.json", "include": ["src", "*.ts"] }\n',
    [`${folder}/tsup.config.ts`]: "import { library } from '../../tools/presets/tsup.ts';\n\nexport default library();\n",
    [`${folder}/vitest.config.ts`]: "import { shared } from '../../tools/presets/vitest.ts';\n\nexport default shared();\n",
    [`${folder}/src/index.ts`]: `export { ${concept(name)} } from './${name}.ts';\n`,
    [`${folder}/src/${name}.ts`]: source(name),
    [`${folder}/src/${name}.test.ts`]: sourceTest(name),
    [`.changeset/new-${name}.md`]: `---\n'@selfsup/${name}': minor\n---\n\nNew package: ${description}.\n`,
    '.size-limit.json': [
      ...sizeLimits,
      { name: `@selfsup/${name}`, path: `packages/${name}/dist/index.js`, limit: '10 kB', gzip: true, brotli: false },
    ],
    'tools/package-graph/doors.ts': doors.replace(lastDoor, `  '@selfsup/${name}': ['@selfsup/core'],\n${lastDoor}`),
  };
  return writePlan(root, plan, [folder]);
};

const concept = (name: string): string => `${camelCase(name)}Norm`;

const manifest = (name: string, description: string, coreVersion: string) => ({
  name: `@selfsup/${name}`,
  version: '0.1.0',
  description,
  license: 'Apache-2.0',
  keywords: ['self-supervised-learning', 'tensorflowjs', 'representation-learning'],
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  files: ['dist', 'src', '!src/**/*.test.ts'],
  main: './dist/index.cjs',
  module: './dist/index.js',
  types: './dist/index.d.ts',
  exports: {
    '.': {
      '@selfsup/source': './src/index.ts',
      import: { types: './dist/index.d.ts', default: './dist/index.js' },
      require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
    },
    './package.json': './package.json',
  },
  scripts: {
    build: 'tsup',
    typecheck: 'tsc -p tsconfig.json',
    lint: 'eslint . --max-warnings 0',
    test: 'vitest run',
    'check:package': 'node ../../tools/scripts/check-package.mjs',
  },
  dependencies: { '@selfsup/core': `^${coreVersion}` },
  peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' },
});

const readme = (name: string, description: string): string => `# @selfsup/${name}

${description}.

\`\`\`sh
npm install @selfsup/${name} @tensorflow/tfjs-core
\`\`\`

\`\`\`ts
import { ${concept(name)} } from '@selfsup/${name}';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

${concept(name)}(tf.tensor2d([[3, 4]])).print(); // [5]
\`\`\`

| export | what it is |
|---|---|
| \`${concept(name)}\` | the example that the generator wrote: replace it |
`;

const source = (name: string): string => `import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Computes the Euclidean norm of each row: the example that the generator wrote, to be replaced.
 *
 * @param x float32, \`[n, dim]\`
 * @returns float32, \`[n]\`
 * @throws SelfsupError \`SELFSUP_SHAPE\` when \`x\` is no matrix
 */
export const ${concept(name)} = (x: tf.Tensor): tf.Tensor1D => {
  if (x.rank !== 2) throw new SelfsupError('SELFSUP_SHAPE', \`${concept(name)}: \\\`x\\\` must have rank 2, got [\${x.shape.join(', ')}]\`);
  return tf.tidy(() => tf.sqrt(tf.sum(tf.square(x), 1))); // [n]
};
`;

const sourceTest = (name: string): string => `import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ${concept(name)} } from './${name}.ts';

test('${concept(name)} gives the norm of each row', async () => {
  const x = tf.tensor2d([
    [3, 4],
    [5, 12],
  ]);
  const norms = ${concept(name)}(x);
  expect(Array.from(await norms.data())).toEqual([5, 13]);
  tf.dispose([x, norms]);
});

test('${concept(name)} rejects what is no matrix', () => {
  const x = tf.tensor1d([1, 2]);
  expect(() => ${concept(name)}(x)).toThrow('${concept(name)}: \`x\` must have rank 2, got [2]');
  x.dispose();
});
`;
