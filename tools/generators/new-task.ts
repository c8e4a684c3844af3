import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, type PackageManifest } from '../workspace/packages.ts';
import { writePlan } from './file-plan.ts';
import { camelCase, pascalCase, whyNotAName } from './names.ts';
import { conformanceRows, recipeSource, taskSource, taskTest } from './task-templates.ts';

const folder = 'packages/pretext-tasks';
const recipes = 'packages/pretrain/src/image/recipes';
const taskList = `${recipes}/image-tasks.ts`;
const taskListTest = 'packages/pretrain/src/image/image-tasks.test.ts';
const conformance = `${folder}/src/conformance.test.ts`;

/** Puts text before the last place where a marker begins. */
function insertBefore(text: string, marker: string, { added, path }: { added: string; path: string }): string {
  const at = text.lastIndexOf(marker);
  if (at < 0) throw new Error(`new task: ${path} has no \`${marker.trim()}\` to write before`);
  return text.slice(0, at) + added + text.slice(at);
}

/** Adds an import after the others. */
function addImport(text: string, line: string): string {
  const last = [...text.matchAll(/^import (?:\{[^}]*\}|[^;{]*) from '[^']*';\n|^import '[^']*';\n/gm)].at(-1);
  const at = last ? last.index + last[0].length : 0;
  return `${text.slice(0, at)}${line}\n${text.slice(at)}`;
}

/**
 * Writes a task on images with its test and its rows in the conformance kit, gives it a subpath export and an entry of the build, registers its recipe so that
 * `selfsup train --task` knows it, and adds a changeset.
 *
 * @returns the files written
 * @throws Error with one clear line on a bad or an existing name; nothing is written then
 */
export const newTask = async (root: string, name: string): Promise<readonly string[]> => {
  const reason = whyNotAName(name);
  if (reason) throw new Error(`new task: ${reason}`);
  const [source, recipe] = [`${folder}/src/${name}.ts`, `${recipes}/${name}.ts`];
  for (const path of [source, recipe])
    if (existsSync(join(root, path))) throw new Error(`new task: ${path} exists already: choose another name`);

  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const manifest = readJson(join(root, folder, 'package.json')) as PackageManifest;
  const { './package.json': own, ...entries } = manifest.exports ?? {};
  const entry = {
    '@selfsup/source': `./src/${name}.ts`,
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  };
  const build = read(`${folder}/tsup.config.ts`);
  const list = /entry:\s*\[([^\]]*)\]/.exec(build);
  if (!list) throw new Error(`new task: ${folder}/tsup.config.ts has no \`entry: [...]\` to add to`);
  const [camel, pascal] = [camelCase(name), pascalCase(name)];
  const registered = insertBefore(read(taskList), '];', { added: `  ${camel}Task,\n`, path: taskList });
  const checked = insertBefore(read(conformance), ']);', { added: conformanceRows(name), path: conformance });
  const defaults = `  '${name}': { momentum: 0.99, headOutput: 128, headLayers: 2 },\n`;

  const plan = {
    [source]: taskSource(name),
    [`${folder}/src/${name}.test.ts`]: taskTest(name),
    [`${folder}/src/index.ts`]: `${read(`${folder}/src/index.ts`)}export { ${camel}, type ${pascal}Options, type ${pascal}Targets } from './${name}.ts';\n`,
    [`${folder}/package.json`]: {
      ...manifest,
      exports: { ...entries, [`./${name}`]: entry, ...(own ? { './package.json': own } : {}) },
    },
    [`${folder}/tsup.config.ts`]: build.replace(list[0], `entry: [${(list[1] ?? '').trim().replace(/,$/, '')}, 'src/${name}.ts']`),
    [conformance]: addImport(checked, `import { ${camel} } from './${name}.ts';`),
    [recipe]: recipeSource(name),
    [taskList]: addImport(registered, `import { ${camel}Task } from './${name}.ts';`),
    [taskListTest]: insertBefore(read(taskListTest), "  'frame-order':", { added: defaults, path: taskListTest }),
    [`.changeset/new-task-${name}.md`]: `---\n'@selfsup/pretext-tasks': minor\n'@selfsup/pretrain': minor\n---\n\nNew task: \`${camel}\`, also as \`@selfsup/pretext-tasks/${name}\` and as \`selfsup train --task ${name}\`.\n`,
  };
  return writePlan(root, plan, [source, recipe]);
};
