import { SelfsupError } from '@selfsup/core';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A photo that was found. */
export interface PhotoFile {
  /** Where it is. */
  readonly path: string;
  /** Its class; undefined in a folder without class sub-folders. */
  readonly label: number | undefined;
}

/** The photos below a folder, or its videos. */
export interface PhotoList<F extends PhotoFile = PhotoFile> {
  /** Sorted by path. */
  readonly files: readonly F[];
  /** The names of the class sub-folders, sorted; undefined when there are none. */
  readonly classNames: readonly string[] | undefined;
}

/** Options of {@link listPhotos}. */
export interface ListOptions {
  /** The classes and their order; default those that are found, sorted. */
  classNames?: readonly string[] | undefined;
  /** The caller, for messages; default `imageFolder`. */
  who?: string;
  /** What belongs into the folder, for messages. */
  advice?: string;
}

const PHOTO = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;
const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Paths of the photos below `folder`, relative to it, with `/`; hidden entries are left out, links are followed once. */
async function findPhotos(folder: string, prefix: string, visited: ReadonlySet<string>): Promise<string[]> {
  const real = await realpath(folder);
  if (visited.has(real)) return [];
  const inside = new Set(visited).add(real);
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isDirectory()) found.push(...(await findPhotos(path, `${prefix}${entry.name}/`, inside)));
    else if (kind?.isFile() && PHOTO.test(entry.name)) found.push(prefix + entry.name);
  }
  return found;
}

const ADVICE = 'put JPEG, PNG, WebP, GIF, TIFF or AVIF files there, in one sub-folder per class if they have classes';

/**
 * Finds the photos of a folder.
 *
 * @param folder where to look, at any depth
 * @param options see {@link ListOptions}
 * @returns their paths relative to the folder, with `/`, sorted
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, or no photo in it
 */
export async function photoPaths(folder: string, options: ListOptions = {}): Promise<string[]> {
  const { who = 'imageFolder', advice = ADVICE } = options;
  const info = await stat(folder).catch(() => undefined);
  if (!info?.isDirectory())
    throw new SelfsupError('SELFSUP_DATA', `${who}: \`path\` must be a folder, but there is none at ${folder}; check the path`);
  const found = (await findPhotos(folder, '', new Set())).sort(byCodeUnits);
  if (found.length === 0) throw new SelfsupError('SELFSUP_DATA', `${who}: there are no images in ${folder}; ${advice}`);
  return found;
}

/**
 * Finds the classes that sub-folders name.
 *
 * @param folder where the paths begin
 * @param paths what has a class, relative to the folder, with `/`
 * @param options see {@link ListOptions}
 * @returns a list in the order of the paths. The class is the first sub-folder; when all paths are below one and the same, the next one counts.
 *   Without a sub-folder for every path there are no classes.
 * @throws SelfsupError `SELFSUP_DATA` on a class that `classNames` lacks
 */
export function classify(folder: string, paths: readonly string[], options: ListOptions = {}): PhotoList {
  const { who = 'imageFolder' } = options;
  const parts = paths.map((path) => path.split('/'));
  let depth = 0;
  while (options.classNames === undefined && parts.every((p) => p.length > depth + 1 && p[depth] === parts[0]![depth])) depth++;
  const labeled = parts.every((p) => p.length > depth + 1);
  const path = (relative: string) => join(folder, relative);
  if (!labeled) return { files: paths.map((relative) => ({ path: path(relative), label: undefined })), classNames: undefined };
  const classNames = options.classNames ?? [...new Set(parts.map((p) => p[depth]!))].sort(byCodeUnits);
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const files = paths.map((relative, i) => {
    const name = parts[i]![depth]!;
    const label = labels.get(name);
    if (label === undefined)
      throw new SelfsupError('SELFSUP_DATA', `${who}: ${path(name)} must be named as one of the classes ${classNames.join(', ')}`);
    return { path: path(relative), label };
  });
  return { files, classNames };
}

/**
 * Finds the photos of a folder and the classes that its sub-folders name.
 *
 * @param folder where to look, at any depth
 * @param options see {@link ListOptions}
 * @returns the photos sorted by path, with the classes of {@link classify}
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, no photo in it, or a class that `classNames` lacks
 */
export async function listPhotos(folder: string, options: ListOptions = {}): Promise<PhotoList> {
  return classify(folder, await photoPaths(folder, options), options);
}
