import { parseArgs } from 'node:util';
import type { CaseMaker } from '../test/case-maker.ts';
import { moreVariants, variants, type Variant } from '../test/wasm-under-test.ts';

/** What to fuzz. */
export interface FuzzOptions {
  /** Cases per maker; makers of heavy cases run their share of it. */
  readonly cases: number;
  /** Seed of the first case; the following cases have the following seeds. */
  readonly seed: number;
  readonly variants: readonly Variant[];
  readonly makers: readonly CaseMaker[];
}

const all: readonly Variant[] = [...variants, ...moreVariants];

const USAGE =
  'usage: npm run fuzz:kernels -- [--cases 1000] [--seed 1] [--kernel NAME] [--maker TITLE] [--simd plain|relaxed|wide] [--threads 1|2|3]';

function whole(name: string, text: string, low: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < low) throw new Error(`--${name} must be a whole number of at least ${low}, got '${text}'`);
  return value;
}

/** Reads the command line; throws with the usage when it makes no sense. */
export function readFuzzOptions(args: readonly string[], makers: readonly CaseMaker[]): FuzzOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '1' },
        kernel: { type: 'string' },
        maker: { type: 'string' },
        simd: { type: 'string' },
        threads: { type: 'string' },
      },
    });
    const { kernel, maker, simd, threads } = values;
    const chosen = makers.filter((m) => (kernel === undefined || m.kernel === kernel) && (maker === undefined || m.title === maker));
    if (chosen.length === 0) {
      const known = kernel !== undefined ? [...new Set(makers.map((m) => m.kernel))] : makers.map((m) => `'${m.title}'`);
      throw new Error(`nothing is called ${kernel ?? ''} ${maker ?? ''}; there are ${known.join(', ')}`);
    }
    const asked = all.filter((v) => (simd === undefined || simd === v.simd) && (threads === undefined || threads === String(v.threads)));
    if (asked.length === 0)
      throw new Error(`--simd and --threads must be one of ${all.map((v) => `${v.simd} ${v.threads}`).join(', ')} in this Node`);
    return { cases: whole('cases', values.cases, 1), seed: whole('seed', values.seed, 0), variants: asked, makers: chosen };
  } catch (error) {
    throw new Error(`fuzz:kernels: ${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}
