import * as tf from '@tensorflow/tfjs-core';
import type { SimdBuild } from '../src/index.ts';
import type { CaseMaker } from '../test/case-maker.ts';
import { checkCase, describeCase, prepareCase, type PreparedCase } from '../test/check-case.ts';
import { dirtyHeap, randomFrom, startWasm } from '../test/wasm-under-test.ts';
import type { FuzzOptions } from './fuzz-options.ts';

/** What came of one maker on one build. */
export interface FuzzRow {
  readonly maker: CaseMaker;
  readonly simd: SimdBuild;
  cases: number;
  worst: number;
  failures: number;
  seconds: number;
}

/** Cases prepared at a time: their references serve both builds. */
const CHUNK = 50;
/** Failures of a maker that are told in full. */
const TOLD = 3;

interface Progress {
  readonly told: (line: string) => void;
  readonly step: (line: string) => void;
}

const dataIds = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();

/** The command line that runs one case of one build again. */
export function rerun({ kernel, title }: CaseMaker, seed: number, simd: SimdBuild): string {
  return `npm run fuzz:kernels -- --kernel ${kernel} --maker '${title}' --seed ${seed} --cases 1 --simd ${simd}`;
}

async function runChunk(row: FuzzRow, chunk: ReadonlyMap<number, PreparedCase>, { told }: Progress): Promise<void> {
  const { maker, simd } = row;
  const start = performance.now();
  const registration = await startWasm(simd);
  const before = dataIds();
  for (const [seed, prepared] of chunk) {
    dirtyHeap(randomFrom(seed));
    const { worst, problems } = await checkCase(maker, prepared);
    row.cases++;
    row.worst = Math.max(row.worst, worst);
    if (problems.length === 0) continue;
    if (++row.failures > TOLD) continue;
    told(`FAIL ${maker.title} (${simd} SIMD), seed ${seed}: ${describeCase(maker, prepared.one)}`);
    for (const problem of problems) told(`     ${problem}`);
    told(`     again: ${rerun(maker, seed, simd)}`);
  }
  if (dataIds() !== before) {
    row.failures++;
    told(
      `FAIL ${maker.title} (${simd} SIMD), seeds ${[...chunk.keys()][0]!} and following: ${dataIds() - before} tensors left in the backend`,
    );
  }
  registration.dispose();
  row.seconds += (performance.now() - start) / 1000;
}

/** Runs a maker's cases on every build. */
export async function fuzzMaker(maker: CaseMaker, { cases, seed, builds }: FuzzOptions, progress: Progress): Promise<readonly FuzzRow[]> {
  const rows = builds.map((simd): FuzzRow => ({ maker, simd, cases: 0, worst: 0, failures: 0, seconds: 0 }));
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
    for (const row of rows) await runChunk(row, chunk, progress);
    progress.step(`${maker.title}: ${Math.min(done + CHUNK, share)} of ${share}`);
  }
  return rows;
}
