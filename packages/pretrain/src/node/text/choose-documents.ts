import { countDocuments, type CountDocumentsOptions } from '@selfsup/data/node';
import type { Progress } from '../../progress.ts';

const NAMES = { chapter: 'its chapters', 'blank-line': 'what blank lines separate', line: 'its lines' } as const;

/**
 * Decides what separates documents where the user did not: files, or something finer where files are too few to hold any out.
 *
 * @param data files, folders or a pattern
 * @param options `testFraction` of the run, `textColumn` and `header` of tables, and `progress`, told of the choice where it is not files
 * @returns the rule; `file` where no rule cuts fine enough, which opening the text then refuses
 * @throws SelfsupError `SELFSUP_DATA` when no file matches
 */
export async function chooseDocuments(
  data: string,
  {
    testFraction,
    progress,
    ...columns
  }: { testFraction: number; progress: Progress } & Pick<CountDocumentsOptions, 'textColumn' | 'header'>,
): Promise<'file' | 'line' | 'blank-line' | 'chapter'> {
  if (testFraction === 0) return 'file';
  const atMost = Math.max(2, Math.ceil(0.5 / testFraction)); // the first one that is held out comes half a period in
  const files = await countDocuments(data, { atMost, ...columns });
  if (files >= atMost) return 'file';
  for (const documents of ['chapter', 'blank-line', 'line'] as const) {
    if ((await countDocuments(data, { documents, atMost, ...columns })) < atMost) continue;
    const few = files === 1 ? 'one file is' : `${files} files are`;
    progress.line(
      `No \`documents\` given, and ${few} too few to hold any out: ${NAMES[documents]} count as documents (\`documents\`: ${documents})`,
    );
    return documents;
  }
  return 'file';
}
