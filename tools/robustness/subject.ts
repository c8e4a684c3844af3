import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Chance } from './chance.ts';

/** A reader under test. */
export interface Subject {
  readonly name: string;
  /** Reads something mutated; throws SelfsupError, or returns; throws another error when what it accepted is not right. */
  readonly read: (chance: Chance) => unknown;
}

/** Files by name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Throws unless something holds of what was accepted. */
export function assertRight(holds: boolean, what: string): void {
  if (!holds) throw new Error(`accepted, but ${what}`);
}

/** Throws unless there are as many values as a shape has. */
export function assertShape(values: { readonly length: number }, shape: readonly number[]): void {
  const size = shape.reduce((product, side) => product * side, 1);
  assertRight(values.length === size, `${values.length} values are of shape [${shape.join(', ')}]`);
}

/** Writes files into a folder that is emptied before; gives its path. */
export function writeFolder(folder: string, files: Files): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Files of which one is mutated. */
export function mutateOneOf(files: Files, chance: Chance, mutate: (content: Uint8Array, name: string) => string | Uint8Array): Files {
  const name = chance.pick(Object.keys(files));
  const content = files[name]!;
  return { ...files, [name]: mutate(typeof content === 'string' ? Buffer.from(content) : content, name) };
}
