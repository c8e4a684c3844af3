// Runs one case and says what is wrong with it; shared by the tests and by the fuzzer.
import type { CaseMaker, KernelCase } from './case-maker.ts';
import { errorOf, type Reference } from './error-of.ts';
import { bitsOf, randomFrom, runKernel } from './wasm-under-test.ts';

/** A case with what it ought to give. */
export interface PreparedCase {
  readonly one: KernelCase;
  readonly references: readonly Reference[];
}

/** The case of a seed, the same one every time, with references from float64 and from the cpu backend. */
export async function prepareCase({ kernel, make }: CaseMaker, seed: number): Promise<PreparedCase> {
  const one = make(randomFrom(seed));
  const { expected, magnitude, alsoCpu } = one;
  const references: Reference[] = [];
  if (expected !== undefined) {
    references.push({ source: 'float64', outputs: expected.map((data, i) => ({ data, magnitude: magnitude?.[i] })) });
  }
  if (expected === undefined || alsoCpu === true) {
    const outputs = await runKernel('cpu', kernel, one.inputs, one.attrs);
    references.push({ source: 'the cpu backend', outputs: outputs.map((output, i) => ({ ...output, magnitude: magnitude?.[i] })) });
  }
  return { one, references };
}

/** The call in words. */
export function describeCase({ kernel }: CaseMaker, { inputs, attrs }: KernelCase): string {
  const shapes = Object.entries(inputs).map(([name, { shape, dtype }]) => `${name} ${dtype ?? ''}[${shape.join(', ')}]`);
  return `${kernel} ${shapes.join(' ')} ${JSON.stringify(attrs)}`;
}

/** What one run gave: its worst relative error, its bits, and all that is wrong. */
export interface CaseResult {
  readonly worst: number;
  readonly bits: string;
  readonly problems: readonly string[];
}

/** Runs a case on the wasm backend and compares it with its references. */
export async function checkCase(maker: CaseMaker, { one, references }: PreparedCase): Promise<CaseResult> {
  const { kernel, tolerance = 1e-5, measure = 'norm' } = maker;
  const problems: string[] = [];
  let worst = 0;
  const got = await runKernel('wasm', kernel, one.inputs, one.attrs).catch((error: unknown) => String(error));
  if (typeof got === 'string') return { worst: Infinity, bits: '', problems: [`threw ${got}`] };
  for (const { source, outputs } of references) {
    if (outputs.length !== got.length) problems.push(`${got.length} outputs, ${outputs.length} from ${source}`);
    for (const [i, reference] of outputs.entries()) {
      const output = got[i];
      if (output === undefined) continue;
      if (reference.shape !== undefined && output.shape.join() !== reference.shape.join()) {
        problems.push(`output ${i} has shape [${output.shape.join(', ')}], [${reference.shape.join(', ')}] from ${source}`);
      }
      const error = errorOf(output.data, reference, measure);
      worst = Math.max(worst, error);
      if (!(error < tolerance))
        problems.push(`output ${i} differs from ${source} by ${error.toExponential(2)}, at most ${tolerance} is right`);
    }
  }
  return { worst, bits: bitsOf(got), problems };
}
