import { fileURLToPath } from 'node:url';
import { build, type BuildFailure, type Plugin } from 'esbuild';
import { expect, it } from 'vitest';

/** What only Node has, and who imports it, in a bundle for a browser that leaves nothing out. */
async function nodeImports(entry: string): Promise<string[]> {
  const found = new Set<string>();
  const watch: Plugin = {
    name: 'watch',
    setup(bundle) {
      bundle.onResolve({ filter: /^node:|^sharp$|^@img\// }, ({ path, importer }) => {
        found.add(`${path} in ${importer.replace(/^.*\/(?=(packages|node_modules)\/)/, '')}`);
        return { path, external: true };
      });
    },
  };
  const { errors } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['@selfsup/source'],
    plugins: [watch],
    logLevel: 'silent',
  }).catch((error: unknown) => error as BuildFailure);
  // what does not resolve for a browser, such as a bare `fs`, is an error of the build
  return [...found, ...errors.map(({ text, location }) => `${text} in ${location?.file ?? entry}`)].sort();
}

it('bundles for a browser without anything of Node', async () => {
  expect(await nodeImports('./index.ts')).toEqual([]);
});

it('would notice: `/node` needs files and sharp', async () => {
  const found = (await nodeImports('./node.ts')).join('\n');
  expect(found).toMatch(/^node:fs/m);
  expect(found).toMatch(/^sharp in packages\/data/m);
});
