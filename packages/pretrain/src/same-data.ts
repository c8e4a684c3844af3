import { SelfsupError } from '@selfsup/core';
import { createCrc32 } from './crc-32.ts';
import type { RunData } from './modality.ts';
import type { Progress } from './progress.ts';
import type { RunFile } from './run-file.ts';

/** Paths with `/`, without the folders that all of them lie in. */
function withoutFolder(paths: readonly string[]): string[] {
  const plain = paths.map((path) => path.replaceAll('\\', '/'));
  const [first = ''] = plain;
  const shared = plain.reduce((length, path) => {
    let same = 0;
    while (same < length && path[same] === first[same]) same++;
    return same;
  }, first.length);
  const folder = first.slice(0, shared).lastIndexOf('/') + 1;
  return plain.map((path) => path.slice(folder));
}

/** What checksums of a fingerprint are of. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  names: 'names or classes',
  content: 'content',
  captions: 'captions',
  testCaptions: 'captions of the test part',
};

/** A checksum of the names and classes of samples, where they have some, whatever folder they lie in. */
function namesOf({ train, test }: Pick<RunData, 'train' | 'test'>): { names?: string } {
  const sum = createCrc32();
  let isNamed = false;
  for (const part of [train, test])
    for (const values of [part?.ids && withoutFolder(part.ids), part?.labels, part?.classNames]) {
      if (!values) continue;
      isNamed = true;
      for (const value of values) sum.add(new TextEncoder().encode(`${value}\n`));
    }
  return isNamed ? { names: sum.digest() } : {};
}

/** What must be the same when a run is resumed: what the modality says, then {@link namesOf} unless it has a `names` of its own. Internal. */
export const fingerprintOf = (data: RunData): RunFile['fingerprint'] => ({
  ...data.fingerprint,
  ...(data.fingerprint['names'] === undefined && namesOf(data)),
});

/** Refuses data other than that of a run; warns where only what is read differs, as another version of a decoder may give other pixels. Internal. */
export function assertSameData(opened: RunData, earlier: Pick<RunFile, 'fingerprint' | 'content'>, progress: Progress): void {
  const now = fingerprintOf(opened);
  for (const [name, before] of Object.entries(earlier.fingerprint))
    if (now[name] !== before)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        CHECKSUMS[name] === undefined
          ? `the data of this run had ${name} ${before} when it was trained, and has ${now[name] ?? 'none'} now; restore the data, or start a new run`
          : `the data has other ${CHECKSUMS[name]} than when this run was trained (checksum ${before} then, ${now[name] ?? 'none'} now); restore the data, or start a new run`,
      );
  if (earlier.content !== undefined && opened.content !== undefined && earlier.content !== opened.content)
    progress.warn(
      `the ${opened.unit} of ${opened.name} are not read as they were when the run began: files were changed, or another version of a decoder reads them; training and reports go on with what is read now`,
    );
}
