import { countOf } from '@selfsup/core';
import {
  evaluateAttentiveProbe,
  evaluateClustering,
  evaluateKnn,
  evaluateLinearProbe,
  evaluateRetrieval,
  evaluateSegmentation,
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

/** The flags of `selfsup evaluate retrieval`. */
export type EvaluateRetrievalFlags = EvaluateFlags & { readonly ks?: readonly number[] };

/** The flags of `selfsup evaluate clustering`. */
export type EvaluateClusteringFlags = EvaluateFlags & { readonly clusters?: number };

/** The flags of `selfsup evaluate attentive-probe`. */
export type EvaluateAttentiveProbeFlags = EvaluateFlags & { readonly layer?: string; readonly heads?: number; readonly epochs?: number };

/** The flags of `selfsup evaluate segmentation`. */
export type EvaluateSegmentationFlags = RunFlags & {
  readonly layer?: string;
  readonly trainImages?: number;
  readonly testImages?: number;
  readonly baselines?: boolean;
};

const rounded = (value: number) => Number(value.toFixed(2));
const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
/** After a line about one subject: nothing for the trained encoder, otherwise who it is. */
const ofWhom = (subject: string) => (subject === 'trained' ? '' : `, ${nameOf(subject)}`);
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
    output.line(
      `kNN ${trained!.toFixed(2)} % of ${countOf(test, `test ${samples.unit}`)} (${Math.min(k, bank)} of ${bank} vote, temperature ${temperature})`,
    );
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
      const what = name === 'trained' ? ` of ${countOf(samples.test!.length, `test ${samples.unit}`)}` : `, ${nameOf(name)}`;
      output.line(
        `Linear probe ${accuracy.toFixed(2)} %${what} (l2 ${Number(penalty.toPrecision(3))}, training ${samples.unit} ${trainAccuracy.toFixed(2)} %)`,
      );
    };
    for (const [name, finding] of Object.entries(found)) say(name, finding);
    const { trained } = found;
    if (!trained!.converged && trained!.l2 > 0)
      output.warn(`the classifier was still improving after ${countOf(maxIterations ?? 300, 'steps')}; raise --max-iterations`);
    const shown = ({ accuracy, trainAccuracy, ...rest }: LinearFinding) => ({
      accuracy: rounded(accuracy),
      trainAccuracy: rounded(trainAccuracy),
      ...rest,
    });
    return { findings: Object.fromEntries(Object.entries(found).map(([name, finding]) => [name, shown(finding)])) };
  });
}

/**
 * `selfsup evaluate retrieval`: searches the training samples for each test sample.
 *
 * @param flags see {@link EvaluateRetrievalFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateRetrieval(flags: EvaluateRetrievalFlags, output: Output): Promise<number> {
  return judge('retrieval', { flags, output }, async ({ encoder }, samples, start) => {
    const found = await evaluateRetrieval(encoder, samples, { ks: flags.ks, baselines: flags.baselines, start, progress: output });
    for (const [name, { recall, meanAveragePrecision }] of Object.entries(found)) {
      const hits = Object.entries(recall).map(([k, value]) => `${k}: ${percent(value)}`);
      output.line(`Mean average precision ${percent(meanAveragePrecision)}, recall at ${hits.join(', ')}${ofWhom(name)}`);
    }
    return { findings: found };
  });
}

/**
 * `selfsup evaluate clustering`: compares clusters of the test samples with their classes.
 *
 * @param flags see {@link EvaluateClusteringFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateClustering(flags: EvaluateClusteringFlags, output: Output): Promise<number> {
  return judge('clustering', { flags, output }, async ({ encoder }, samples, start) => {
    const found = await evaluateClustering(encoder, samples, {
      clusters: flags.clusters,
      baselines: flags.baselines,
      start,
      progress: output,
    });
    for (const [name, { nmi, ari, clusters }] of Object.entries(found))
      output.line(`${countOf(clusters, 'clusters')}: NMI ${nmi.toFixed(3)}, ARI ${ari.toFixed(3)}${ofWhom(name)}`);
    return { findings: found };
  });
}

/**
 * `selfsup evaluate attentive-probe`: classifies test images by attention over a map of the encoder.
 *
 * @param flags see {@link EvaluateAttentiveProbeFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateAttentiveProbe(flags: EvaluateAttentiveProbeFlags, output: Output): Promise<number> {
  return judge('attentive-probe', { flags, output }, async ({ encoder }, samples) => {
    const { layer, heads, epochs, baselines } = flags;
    const found = await evaluateAttentiveProbe(encoder, samples, { layer, numHeads: heads, epochs, baselines, progress: output });
    const of = samples.test ? ` of ${countOf(samples.test.length, `test ${samples.unit}`)}` : '';
    for (const [name, { accuracy }] of Object.entries(found))
      output.line(`Attentive probe ${accuracy.toFixed(2)} %${name === 'trained' ? of : ofWhom(name)}`);
    return { accuracy: Object.fromEntries(Object.entries(found).map(([name, { accuracy }]) => [name, rounded(accuracy)])) };
  });
}

/**
 * `selfsup evaluate segmentation`: segments procedural images by a linear classifier on a map of the encoder.
 *
 * @param flags see {@link EvaluateSegmentationFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runEvaluateSegmentation(flags: EvaluateSegmentationFlags, output: Output): Promise<number> {
  const { encoder, backend, backendDescription } = await openRun(flags, output);
  try {
    const { layer, trainImages: train, testImages: test, baselines } = flags;
    const findings = await evaluateSegmentation(encoder, { layer, train, test, baselines, progress: output });
    for (const [name, { meanIou, pixelAccuracy }] of Object.entries(findings))
      output.line(`Segmentation of shapes: mean IoU ${meanIou.toFixed(2)} %, of all pixels ${pixelAccuracy.toFixed(2)} %${ofWhom(name)}`);
    output.event('result', {
      command: 'evaluate segmentation',
      run: flags.run,
      backend,
      backendDescription,
      steps: encoder.step,
      findings,
    });
    return 0;
  } finally {
    encoder.dispose();
  }
}
