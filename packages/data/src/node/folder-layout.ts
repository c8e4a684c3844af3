import { printable, SelfsupError } from '@selfsup/core';

/** What a folder may be a part of a data set as. */
export type SplitName = 'train' | 'validation' | 'test';

/** A photo or a folder of frames, by the names on its path. */
export interface LaidOut {
  /** Relative to the data folder, with `/`. */
  readonly path: string;
  /** The folders on its path that may name its class, and its own name last. */
  readonly names: readonly string[];
}

/** How a folder is laid out. */
export interface FolderLayout {
  /** What each part holds; in a folder without parts everything is in `train`. */
  readonly parts: Readonly<Record<SplitName, readonly LaidOut[]>>;
  /** Whether the folder has parts. */
  readonly isSplit: boolean;
  /** What lies beside the parts. */
  readonly beside: readonly LaidOut[];
}

const WORDS: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  trainval: 'train',
  validation: 'validation',
  valid: 'validation',
  validate: 'validation',
  val: 'validation',
  dev: 'validation',
  devel: 'validation',
  development: 'validation',
  test: 'test',
  testing: 'test',
  eval: 'test',
  evaluation: 'test',
};
const FILLERS = new Set(['set', 'data', 'dataset', 'split', 'images', 'image', 'img', 'imgs', 'photos', 'seg']);

const wordsOf = (name: string) =>
  name
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '' && !FILLERS.has(word));

/**
 * Tells which of the folders of one level are parts of a data set: `Train`, `val2017`, `training_set`; and `pets-train` beside `pets-test`.
 *
 * @returns for each such name its part, and what its name says besides
 */
export function findParts(names: Iterable<string>): Map<string, { split: SplitName; rest: string }> {
  const parts = new Map<string, { split: SplitName; rest: string }>();
  const splitsByRest = new Map<string, Set<SplitName>>();
  for (const name of names) {
    const words = wordsOf(name);
    const [split, ...others] = new Set(words.flatMap((word) => WORDS[word] ?? []));
    if (split === undefined || others.length > 0) continue;
    const rest = words.filter((word) => WORDS[word] === undefined).join(' ');
    parts.set(name, { split, rest });
    splitsByRest.set(rest, (splitsByRest.get(rest) ?? new Set()).add(split));
  }
  // a train station is no training data, unless there is a test station
  for (const [name, { rest }] of parts) {
    const splits = splitsByRest.get(rest)!;
    if (rest !== '' && (splits.size < 2 || !splits.has('train'))) parts.delete(name);
  }
  return parts;
}

const isMajority = (part: readonly unknown[], whole: readonly unknown[]) => 2 * part.length > whole.length;
const folderAt = ({ names }: LaidOut, depth: number) => (names.length > depth + 1 ? names[depth] : undefined);
/** How many folders all have in common, one within the other; what lies loose among them does not count, if it is the smaller part. */
function wrapperDepth(items: readonly LaidOut[], stopAt: (names: ReadonlySet<string>) => boolean = () => false): number {
  for (let depth = 0; ; depth++) {
    const deep = items.filter((item) => folderAt(item, depth) !== undefined);
    const names = new Set(deep.map((item) => folderAt(item, depth)!));
    if (names.size !== 1 || !isMajority(deep, items) || stopAt(names)) return depth;
  }
}

/**
 * Finds the parts of a data set in a folder: sub-folders named as training, validation or test data, in any case, below folders that hold nothing else or
 * below each class.
 *
 * @param paths what the folder holds, relative to it, with `/`
 * @param options `who` and `folder`, for messages; `whole`: everything is one part, whatever the folders are called
 * @throws SelfsupError `SELFSUP_DATA` when there are validation or test data and no training data
 */
export function findLayout(paths: readonly string[], options: { who: string; folder: string; whole?: boolean }): FolderLayout {
  const items = paths.map((path): LaidOut => ({ path, names: path.split('/') }));
  const nothing = { train: [], validation: [], test: [] };
  const all: FolderLayout = { parts: { ...nothing, train: items }, isSplit: false, beside: [] };
  if (options.whole) return all;
  const deepest = wrapperDepth(items, (names) => findParts(names).size > 0);
  for (const depth of [deepest, deepest + 1]) {
    const folders = new Set(items.flatMap((item) => folderAt(item, depth) ?? []));
    const found = findParts(folders);
    const kinds = new Set(Array.from(found.values(), ({ split }) => split));
    const partOf = (item: LaidOut) => found.get(folderAt(item, depth) ?? '');
    if (kinds.size < 2) continue;
    if (!kinds.has('train')) {
      if (depth > deepest) continue; // classes may have sub-folders named so
      const names = Array.from(found.keys(), (name) => printable(name, { maxLength: 60 }));
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${options.who}: ${printable(options.folder)} has the folders ${names.join(' and ')}, but none with training data; ` +
          'name one `train`, or give the folder that is to be trained on',
      );
    }
    const part = (split: SplitName) =>
      items.flatMap((item): LaidOut[] => {
        const own = partOf(item);
        if (own?.split !== split) return [];
        // what may name a class: the folder above the parts, what the part's name says besides, the folders below
        const above = item.names.slice(deepest, depth);
        return [{ path: item.path, names: [...above, ...(own.rest === '' ? [] : [own.rest]), ...item.names.slice(depth + 1)] }];
      });
    return {
      parts: { train: part('train'), validation: part('validation'), test: part('test') },
      isSplit: true,
      beside: items.filter((item) => partOf(item) === undefined),
    };
  }
  return all;
}

/** What {@link findClasses} found. */
export interface FoundClasses {
  /** What has a class, with its number; everything without one where there are no classes. */
  readonly labeled: readonly { readonly item: LaidOut; readonly label: number | undefined }[];
  readonly classNames: readonly string[] | undefined;
  /** What lies loose beside the class folders. */
  readonly loose: readonly LaidOut[];
}

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Finds the classes that folders name: those of the first level that has several. What lies loose beside them is left out where it is the smaller part; else there
 * are no classes.
 *
 * @param items a part of a {@link FolderLayout}
 * @param options `classNames`: the classes of the training part; `classLevel`: which folder of a path names the class, from 0 at the data folder
 * @returns the numbers of the classes; undefined as a name where `classNames` does not have it
 */
export function findClasses(
  items: readonly LaidOut[],
  options: { classNames?: readonly string[] | undefined; classLevel?: number | undefined } = {},
): FoundClasses & { readonly unknown: readonly LaidOut[] } {
  const { classNames: known, classLevel } = options;
  const depth = wrapperDepth(items, (names) => known?.some((name) => names.has(name)) ?? false);
  const nameOf = (item: LaidOut) => {
    if (classLevel === undefined) return folderAt(item, depth);
    const names = item.path.split('/');
    return names.length > classLevel + 1 ? names[classLevel] : undefined;
  };
  const named = items.filter((item) => nameOf(item) !== undefined);
  const found = [...new Set(named.map((item) => nameOf(item)!))].sort(byCodeUnits);
  if (named.length === 0 || (classLevel === undefined && !isMajority(named, items)))
    return { labeled: items.map((item) => ({ item, label: undefined })), classNames: undefined, loose: [], unknown: [] };
  const classNames = known ?? found;
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return {
    labeled: named.map((item) => ({ item, label: labels.get(nameOf(item)!) })),
    classNames,
    loose: items.filter((item) => nameOf(item) === undefined),
    unknown: named.filter((item) => !labels.has(nameOf(item)!)),
  };
}
