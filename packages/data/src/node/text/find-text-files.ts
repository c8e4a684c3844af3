import { printable, SelfsupError } from '@selfsup/core';
import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createUnusedFiles, type UnusedKind } from '../unused-files.ts';
import { walkFolder } from '../walk-folder.ts';

/** What patterns stand for. */
export interface FoundTextFiles {
  /** Each once, sorted. */
  readonly files: readonly string[];
  /** The files of folders that are not `.txt`, and links that were not followed. */
  readonly unused: readonly UnusedKind[];
}

/** The folder that a pattern names before its first part with a sign, and the rest. */
export function splitPattern(pattern: string): { base: string; rest: string } {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => /[*?[\]{}()!+@]/.test(part));
  const at = first < 0 ? parts.length - 1 : first;
  const named = parts.slice(0, at).join('/');
  return { base: resolve(at > 0 && named === '' ? '/' : named), rest: parts.slice(at).join('/') };
}

/**
 * Finds the files of patterns, paths and folders; a folder stands for the `.txt` files below it, or where there are none for its `.parquet` files.
 *
 * @throws SelfsupError `SELFSUP_DATA` when nothing matches, or a folder may not be read
 */
export async function findTextFiles(who: string, patterns: string | readonly string[]): Promise<FoundTextFiles> {
  const { glob } = await import('tinyglobby');
  const found = new Set<string>();
  const unused = createUnusedFiles();
  for (const pattern of typeof patterns === 'string' ? [patterns] : patterns) {
    const info = await stat(pattern).catch(() => undefined);
    if (info?.isFile()) found.add(resolve(pattern));
    else if (info?.isDirectory()) {
      const inside = await walkFolder(pattern, { who, unused });
      const wanted = inside.some((path) => /\.txt$/i.test(path)) ? /\.txt$/i : /\.parquet$/i;
      for (const path of inside) {
        if (wanted.test(path)) found.add(join(resolve(pattern), path));
        else {
          const ending = /\.[\w-]{1,12}$/.exec(path)?.[0].toLowerCase() ?? 'other';
          unused.add(`${ending} files`, 'is not named .txt; if it is text, name it in a pattern', path);
        }
      }
    } else {
      const { base, rest } = splitPattern(pattern.replaceAll('\\', '/'));
      // What is named may lie behind a link. Links below it are not followed: a file would come once for each way that leads to it.
      const cwd = await realpath(base).catch(() => undefined);
      if (cwd === undefined) continue;
      const options = { cwd, dot: false, expandDirectories: false, followSymbolicLinks: false };
      for (const path of await glob(rest, options)) found.add(join(base, path)); // the separators of this system
    }
  }
  if (found.size === 0) {
    const wanted = typeof patterns === 'string' ? patterns : patterns.join(', ');
    const others = unused.list().map(({ kind, count, example }) => `${count} ${printable(kind)} such as ${printable(example)}`);
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: no file matches ${printable(wanted) || 'an empty list'}; ${others.length > 0 ? `there are ${others.join(', ')}; ` : ''}` +
        "give text files, a folder with .txt files in it, or a pattern in quotes such as 'corpus/**/*.txt'",
    );
  }
  return { files: [...found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), unused: unused.list() };
}
