import * as tf from '@tensorflow/tfjs-core';
import type { CaseMaker } from '../test/case-maker.ts';
import { checkCase, describeCase, prepareCase, type PreparedCase } from '../test/check-case.ts';
import { dirtyHeap, nameOf, randomFrom, startVariant, type Variant } from '../test/wasm-under-test.ts';
import type { FuzzOptions } from './fuzz-options.ts';

/** What came of one maker on one variant. */
export interface FuzzRow {
  readonly maker: CaseMaker;
  readonly variant: Variant;
  cases: number;
  worst: number;
  failures: number;
  seconds: number;
}

/** Cases prepared at a time: their references serve all variants. */
const CHUNK = 50;
/** Failures of a maker that are told in full. */
const TOLD = 3;

interface Progress {
  readonly told: (line: string) => void;
  readonly step: (line: string) => void;
}

const dataIds = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();

/** The command line that runs one case of one variant again. */
export function rerun({ kernel, title }: CaseMaker, seed: number, { simd, threads }: Variant): string {
  return `npm run fuzz:kernels -- --kernel ${kernel} --maker '${title}' --seed ${seed} --cases 1 --simd ${simd} --threads ${threads}`;
}

async function runChunk(
  row: FuzzRow,
  chunk: ReadonlyMap<number, PreparedCase>,
  seen: Map<string, string>,
  { told }: Progress,
): Promise<void> {
  const { maker, variant } = row;
  const start = performance.now();
  const registration = await startVariant(variant);
  const before = dataIds();
  for (const [seed, prepared] of chunk) {
    dirtyHeap(randomFrom(seed));
    const { worst, problems: wrong, bits } = await checkCase(maker, prepared);
    const key = `${variant.simd === 'plain' ? 'plain' : 'fused'} ${seed}`;
    const problems = bits === (seen.get(key) ?? bits) ? wrong : [...wrong, 'other bits than the first variant gave'];
    seen.set(key, bits);
    row.cases++;
    row.worst = Math.max(row.worst, worst);
    if (problems.length === 0) continue;
    if (++row.failures > TOLD) continue;
    told(`FAIL ${maker.title} (${nameOf(variant)}), seed ${seed}: ${describeCase(maker, prepared.one)}`);
    for (const problem of problems) told(`     ${problem}`);
    told(`     again: ${rerun(maker, seed, variant)}`);
  }
  if (dataIds() !== before) {
    row.failures++;
    told(
      `FAIL ${maker.title} (${nameOf(variant)}), seeds ${[...chunk.keys()][0]!} and following: ${dataIds() - before} tensors left in the backend`,
    );
  }
  registration.dispose();
  row.seconds += (performance.now() - start) / 1000;
}

/** Runs a maker's cases on every variant, which must agree in every bit where they round alike. */
export async function fuzzMaker(maker: CaseMaker, { cases, seed, variants }: FuzzOptions, progress: Progress): Promise<readonly FuzzRow[]> {
  const rows = variants.map((variant): FuzzRow => ({ maker, variant, cases: 0, worst: 0, failures: 0, seconds: 0 }));
  const share = Math.max(1, Math.round((cases * Math.min(maker.cases ?? 200, 200)) / 200));
  for (let done = 0; done < share; done += CHUNK) {
    const chunk = new Map<number, PreparedCase>();
    for (let i = done; i < Math.min(done + CHUNK, share); i++) {
      try {
        chunk.set(seed + i, await prepareCase(maker, seed + i));
      } catch (error) {
        throw new Error(`the maker '${maker.title}' has no reference for seed ${seed + i}: ${(error as Error).message}`, { cause: error });
      }
    }
    const seen = new Map<string, string>();
    for (const row of rows) await runChunk(row, chunk, seen, progress);
    progress.step(`${maker.title}: ${Math.min(done + CHUNK, share)} of ${share}`);
  }
  return rows;
}
