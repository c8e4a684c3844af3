import { printable, SelfsupError } from '@selfsup/core';
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { systemReason } from './system-reason.ts';
import type { UnusedFiles } from './unused-files.ts';

const LEFT_OUT = new Set(['__MACOSX', 'Thumbs.db', 'desktop.ini', 'lost+found']);
const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const isInside = (folder: string, path: string) => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/**
 * Finds every file below a folder, each once, under its own name rather than that of a link; hidden ones are left out.
 *
 * @param folder where to look
 * @param options `who`: the caller, for messages; `unused`: is told of links that were not followed
 * @returns paths relative to the folder, with `/`, sorted. Links are followed within the folder, never out of it
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, or it or one below may not be read
 */
export async function walkFolder(folder: string, { who, unused }: { who: string; unused: UnusedFiles }): Promise<string[]> {
  const info = await stat(folder).catch(() => undefined);
  if (!info?.isDirectory())
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: \`path\` must be a folder, but ${printable(folder)} is ${info ? 'a file' : 'not there'}; check the path`,
    );
  const top = await realpath(folder);
  const folders = new Set<string>(); // real paths
  const files = new Map<string, string>(); // real paths to those that were found
  const links: string[] = [];

  const visit = async (path: string, real: string): Promise<void> => {
    if (folders.has(real)) return;
    folders.add(real);
    const at = join(folder, path);
    const entries = await readdir(at, { withFileTypes: true }).catch((cause: unknown) => {
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: cannot read the folder ${printable(at)}: ${systemReason(cause)}; change that, or move it elsewhere`,
        { cause },
      );
    });
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith('.') || LEFT_OUT.has(name)) continue;
      const below = path === '' ? name : `${path}/${name}`;
      if (entry.isSymbolicLink()) links.push(below);
      else if (entry.isDirectory()) await visit(below, join(real, name));
      else if (entry.isFile()) files.set(join(real, name), below);
    }
  };
  await visit('', top);

  // links come last: what has a name of its own keeps it
  for (const link of links) {
    // it grows while folders are visited

    const real = await realpath(join(folder, link)).catch(() => undefined);
    const target = real === undefined ? undefined : await stat(real).catch(() => undefined);
    if (real === undefined || !target) unused.add('broken links', 'leads nowhere; link it anew, or delete it', link);
    else if (!isInside(top, real))
      unused.add(
        'links out of the folder',
        'leads out of the data folder; copy there what it leads to, or give the folder that holds both',
        link,
      );
    else if (target.isDirectory() && !folders.has(real)) await visit(link, real);
    else if (target.isFile() && !files.has(real)) files.set(real, link);
    else unused.add('links within the folder', 'leads to what is used already under its own name', link);
  }
  return [...files.values()].sort(byCodeUnits);
}
