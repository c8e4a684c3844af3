// `node --conditions=@selfsup/source tools/robustness/mutated.ts [--cases 200] [--seed 1] [--only 0]`: all readers get mutated input; each must refuse it by a clear
// SelfsupError or accept it rightly. Exits with 1 when one does not, or when the process has needed more memory than it may. `--only N` repeats case N alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSelfsupError } from '@selfsup/core';
import { createChance } from './chance.ts';
import { imageSubjects } from './image-subjects.ts';
import { optionSubjects } from './option-subjects.ts';
import { readCounts } from './read-counts.ts';
import { runSubjects } from './run-subjects.ts';
import { textSubjects } from './text-subjects.ts';
import { tinyRuns } from './tiny-runs.ts';

/** Of the whole process, tfjs and sharp included; a reader that believes a huge number needs more. */
const MOST_MIB = 1024;
/** By how much a single case may raise the peak. */
const MOST_MIB_OF_CASE = 256;
const SLOWEST_SECONDS = 20;
const LONGEST_MESSAGE = 4000;

const { cases, seed, only } = readCounts({ cases: 200, seed: 1, only: 0 });
const here = mkdtempSync(join(tmpdir(), 'selfsup-mutated-'));
const [simclr] = tinyRuns(here);
const subjects = [...(await imageSubjects(here)), ...(await textSubjects(here)), ...(await runSubjects(simclr!)), ...optionSubjects(here)];

/** What is wrong with an error; undefined where it is a clear one. */
function faultOf(error: unknown): string | undefined {
  if (!isSelfsupError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { message } = error;
  if (/[^\P{Cc}\n\t]|[\u202a-\u202e]/u.test(message)) return `control characters in ${JSON.stringify(message.slice(0, 300))}`;
  if (message.length > LONGEST_MESSAGE) return `a message of ${message.length} characters: ${message.slice(0, 300)}`;
  return undefined;
}

const peakMib = () => process.resourceUsage().maxRSS / 1024;
const counts = { refused: 0, accepted: 0, WRONG: 0 };
for (let number = only; number < (only > 0 ? only + 1 : cases); number++) {
  const subject = subjects[number % subjects.length]!;
  const [start, before] = [performance.now(), peakMib()];
  let [accepted, fault] = [true, undefined as string | undefined];
  try {
    await subject.read(createChance(seed, 'mutated', number));
  } catch (error) {
    [accepted, fault] = [false, faultOf(error)];
  }
  const seconds = (performance.now() - start) / 1000;
  if (seconds > SLOWEST_SECONDS) fault ??= `it took ${seconds.toFixed(0)} s`;
  const more = peakMib() - before;
  if (more > MOST_MIB_OF_CASE) fault ??= `it took ${more.toFixed(0)} MiB`;
  counts[fault !== undefined ? 'WRONG' : accepted ? 'accepted' : 'refused']++;
  if (fault !== undefined) console.log(`WRONG case ${number}, ${subject.name}: ${fault}`);
}
rmSync(here, { recursive: true });
const mebibytes = peakMib();
console.log(
  `seed ${seed}, Node ${process.version}: ${cases} cases, ${subjects.length} readers, at most ${mebibytes.toFixed(0)} of ${MOST_MIB} MiB`,
);
console.log(`${counts.refused} refused, ${counts.accepted} accepted, ${counts.WRONG} WRONG`);
if (counts.WRONG > 0 || mebibytes > MOST_MIB) process.exitCode = 1;
