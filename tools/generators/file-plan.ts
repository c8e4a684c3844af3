import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** Files to write, by path from the root: text, or an object for a JSON file. Nothing is written before everything is known. */
export type FilePlan = Readonly<Record<string, string | object>>;

/**
 * Writes a plan, formatted as the workspace formats.
 *
 * @returns the paths written, in order
 * @throws Error when one of `mustBeNew` exists; nothing is written then
 */
export const writePlan = async (root: string, plan: FilePlan, mustBeNew: readonly string[]): Promise<readonly string[]> => {
  for (const path of mustBeNew) {
    if (existsSync(join(root, path))) throw new Error(`${path} exists already: choose another name`);
  }
  const texts: [string, string][] = [];
  for (const [path, content] of Object.entries(plan)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
    const file = join(root, path);
    const config = await resolveConfig(file);
    texts.push([file, /\.(ts|json)$/.test(path) ? await format(text, { ...config, filepath: file }) : text]);
  }
  for (const [file, text] of texts) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return Object.keys(plan);
};
