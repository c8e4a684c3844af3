import { SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Finds the files of patterns, paths and folders, each once, sorted; a folder stands for the `.txt` files below it. */
export async function findTextFiles(who: string, patterns: string | readonly string[]): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  const found = new Set<string>();
  for (const pattern of typeof patterns === 'string' ? [patterns] : patterns) {
    const info = await stat(pattern).catch(() => undefined);
    if (info?.isFile()) found.add(resolve(pattern));
    else {
      const options = { absolute: true, dot: false, expandDirectories: false };
      const paths = info?.isDirectory()
        ? await glob('**/*.txt', { ...options, cwd: resolve(pattern) })
        : await glob(pattern.replaceAll('\\', '/'), options);
      for (const path of paths) found.add(join(path)); // the separators of this system
    }
  }
  if (found.size === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: no file matches ${typeof patterns === 'string' ? patterns : patterns.join(', ') || 'an empty list'}; ` +
        "give text files, a folder with .txt files in it, or a pattern in quotes such as 'corpus/**/*.txt'",
    );
  return [...found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
