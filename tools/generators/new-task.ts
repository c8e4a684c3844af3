import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, type PackageManifest } from '../workspace/packages.ts';
import { writePlan } from './file-plan.ts';
import { camelCase, pascalCase, whyNotAName } from './names.ts';
import { taskSource, taskTest } from './task-templates.ts';

const folder = 'packages/pretext-tasks';

/**
 * Writes a task on the contract with its test, gives it a subpath export and an entry of the build, and adds a changeset.
 *
 * @returns the files written
 * @throws Error with one clear line on a bad or an existing name; nothing is written then
 */
export const newTask = async (root: string, name: string): Promise<readonly string[]> => {
  const reason = whyNotAName(name);
  if (reason) throw new Error(`new task: ${reason}`);
  const source = `${folder}/src/${name}.ts`;
  if (existsSync(join(root, source))) throw new Error(`new task: ${source} exists already: choose another name`);

  const manifest = readJson(join(root, folder, 'package.json')) as PackageManifest;
  const { './package.json': own, ...entries } = manifest.exports ?? {};
  const entry = {
    '@selfsup/source': `./src/${name}.ts`,
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  };
  const build = readFileSync(join(root, folder, 'tsup.config.ts'), 'utf8');
  const list = /entry:\s*\[([^\]]*)\]/.exec(build);
  if (!list) throw new Error(`new task: ${folder}/tsup.config.ts has no \`entry: [...]\` to add to`);
  const index = readFileSync(join(root, folder, 'src/index.ts'), 'utf8').replace('export {};\n', '');
  const [camel, pascal] = [camelCase(name), pascalCase(name)];

  const plan = {
    [source]: taskSource(name),
    [`${folder}/src/${name}.test.ts`]: taskTest(name),
    [`${folder}/src/index.ts`]: `${index}export { ${camel}, type ${pascal}Batch, type ${pascal}Embeddings, type ${pascal}Options, type ${pascal}Targets } from './${name}.ts';\n`,
    [`${folder}/package.json`]: {
      ...manifest,
      exports: { ...entries, [`./${name}`]: entry, ...(own ? { './package.json': own } : {}) },
    },
    [`${folder}/tsup.config.ts`]: build.replace(list[0], `entry: [${(list[1] ?? '').trim().replace(/,$/, '')}, 'src/${name}.ts']`),
    [`.changeset/new-task-${name}.md`]: `---\n'@selfsup/pretext-tasks': minor\n---\n\nNew task: \`${camel}\`, also as \`@selfsup/pretext-tasks/${name}\`.\n`,
  };
  return writePlan(root, plan, [source]);
};
