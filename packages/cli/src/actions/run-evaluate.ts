import {
  evaluateKnn,
  evaluateLinearProbe,
  openSamplesFor,
  type AnyModule,
  type LinearFinding,
  type OpenedSamples,
} from '@selfsup/pretrain';
import { columnOptions, labelSource, type DataFlags, type RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { openRun, type OpenedEncoder } from './open-run.ts';
import { openStart } from './open-start.ts';

type EvaluateFlags = RunFlags & DataFlags & { readonly baselines?: boolean };

/** The flags of `selfsup evaluate knn`. */
export type EvaluateKnnFlags = EvaluateFlags & { readonly k?: number; readonly temperature?: number; readonly whitening?: boolean };

/** The flags of `selfsup evaluate linear-probe`. */
export type EvaluateLinearProbeFlags = EvaluateFlags & { readonly l2?: readonly number[]; readonly maxIterations?: number };

const rounded = (value: number) => Number(value.toFixed(2));
const titles: Readonly<Record<string, string>> = { untrained: 'the untrained encoder', start: 'the start alone' };
const nameOf = (subject: string) => titles[subject] ?? subject;

/** Opens run and samples, judges, and tells scripts what all judgements have in common. */
async function judge(
  command: string,
  { flags, output }: { flags: EvaluateFlags; output: Output },
  work: (run: OpenedEncoder, samples: OpenedSamples, start: AnyModule | undefined) => Promise<Readonly<Record<string, unknown>>>,
): Promise<number> {
  const opened = await openRun(flags, output);
  const { encoder, backend, backendDescription } = opened;
  let start: Awaited<ReturnType<typeof openStart>>;
  try {
    const { data, testData, limit, testLimit } = flags;
    const labels = labelSource(flags);
    const options = labels === undefined ? columnOptions(flags) : undefined;
    const samples = await openSamplesFor(encoder, { data, testData, labels, limit, testLimit, options });
    start = flags.baselines ? await openStart(encoder, { registry: opened.registry, output }) : undefined;
    const found = await work(opened, samples, start?.features);
    output.event('result', {
      command: `evaluate ${command}`,
      run: flags.run,
      dataset: samples.name,
      backend,
      backendDescription,
      steps: encoder.step,
      trainSamples: samples.train.length,
      testSamples: samples.test?.length ?? 0,
      ...found,
      skipped: samples.skipped(),
    });
    return 0;
  } finally {
    start?.encoder.dispose();
    encoder.dispose();
  }
}

/**
 * `selfsup evaluate knn`: classifies test samples by the nearest training samples in the encoder's features.
 *
 * @param flags see {@link EvaluateKnnFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateKnn(flags: EvaluateKnnFlags, output: Output): Promise<number> {
  return judge('knn', { flags, output }, async ({ encoder }, samples, start) => {
    const { k: wanted, temperature: scale, whitening, baselines } = flags;
    const found = await evaluateKnn(encoder, samples, { k: wanted, temperature: scale, whitening, baselines, start, progress: output });
    const { accuracy, k, temperature, bank, test } = found;
    const { trained, ...others } = accuracy;
    output.line(`kNN ${trained!.toFixed(2)} % of ${test} test ${samples.unit} (${k} of ${bank} vote, temperature ${temperature})`);
    for (const [name, value] of Object.entries(others)) output.line(`kNN ${value.toFixed(2)} %, ${nameOf(name)}`);
    return { k, temperature, bank, accuracy: Object.fromEntries(Object.entries(accuracy).map(([name, value]) => [name, rounded(value)])) };
  });
}

/**
 * `selfsup evaluate linear-probe`: classifies test samples by a linear classifier on the encoder's features.
 *
 * @param flags see {@link EvaluateLinearProbeFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateLinearProbe(flags: EvaluateLinearProbeFlags, output: Output): Promise<number> {
  return judge('linear-probe', { flags, output }, async ({ encoder }, samples, start) => {
    const { l2, maxIterations, baselines } = flags;
    const found = await evaluateLinearProbe(encoder, samples, { l2, maxIterations, baselines, start, progress: output });
    const say = (name: string, { accuracy, l2: penalty, trainAccuracy }: LinearFinding) => {
      const what = name === 'trained' ? ` of ${samples.test!.length} test ${samples.unit}` : `, ${nameOf(name)}`;
      output.line(
        `Linear probe ${accuracy.toFixed(2)} %${what} (l2 ${Number(penalty.toPrecision(3))}, training ${samples.unit} ${trainAccuracy.toFixed(2)} %)`,
      );
    };
    for (const [name, finding] of Object.entries(found)) say(name, finding);
    const { trained } = found;
    if (!trained!.converged && trained!.l2 > 0)
      output.warn(`the classifier was still improving after ${maxIterations ?? 300} steps; raise --max-iterations`);
    const shown = ({ accuracy, trainAccuracy, ...rest }: LinearFinding) => ({
      accuracy: rounded(accuracy),
      trainAccuracy: rounded(trainAccuracy),
      ...rest,
    });
    return { findings: Object.fromEntries(Object.entries(found).map(([name, finding]) => [name, shown(finding)])) };
  });
}
