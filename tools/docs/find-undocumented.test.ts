import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { Application } from 'typedoc';
import { afterEach, expect, test } from 'vitest';
import { findUndocumented } from './find-undocumented.ts';

let root = '';
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const undocumentedIn = async (source: string): Promise<readonly string[]> => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-docs-'));
  const file = join(root, 'src/index.ts');
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'a', version: '0.1.0' }));
  writeFileSync(file, source);
  const program = ts.createProgram([file], { strict: true, noLib: true, types: [] });
  const app = await Application.bootstrap({ logLevel: 'None' });
  const project = app.converter.convert([{ displayName: 'a', program, sourceFile: program.getSourceFile(file)! }]);
  return findUndocumented(project, ['a']);
};

test('what has docstrings passes; so do parameters and members of types without a name', async () => {
  const source = `
/** A table. */
export const table = { first: { second: 1 } };
/** A function. */
export const run = (options: { n: number }): { m: number } => ({ m: options.n });
/** Options. */
export interface Options {
  /** A record. */
  readonly record: { readonly a: number };
}
/** One of two. */
export type Either = { kind: 'a' } | { kind: 'b' };
`;
  expect(await undocumentedIn(source)).toEqual([]);
});

test('exported names and members of named types without docstrings are named', async () => {
  const source = `
export const bare = 1;
/** Options. */
export interface Options {
  readonly n: number;
}
/** More. */
export type More = {
  m: number;
};
export function call(): void {}
`;
  expect([...(await undocumentedIn(source))].sort()).toEqual([
    'More.m in a/src/index.ts has no docstring',
    'Options.n in a/src/index.ts has no docstring',
    'bare in a/src/index.ts has no docstring',
    'call in a/src/index.ts has no docstring',
  ]);
});
