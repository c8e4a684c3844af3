import { countOf, printable, SelfsupError } from '@selfsup/core';
import { evaluateCrossRetrieval, evaluateZeroShot, openSamplesFor, type LoadedPair, type OpenedSamples } from '@selfsup/pretrain';
import { loadEncoder } from '@selfsup/pretrain/node';
import { columnOptions, labelSource, type DataFlags, type RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { textEncoderName } from './embed-queries.ts';
import { openRun } from './open-run.ts';

type EvaluatePairsFlags = RunFlags & DataFlags & { readonly baselines?: boolean };

/** The flags of `selfsup evaluate zero-shot`. */
export type EvaluateZeroShotFlags = EvaluatePairsFlags & { readonly template?: readonly string[] };

/** The flags of `selfsup evaluate cross-retrieval`. */
export type EvaluateCrossRetrievalFlags = EvaluatePairsFlags & { readonly pairs?: number };

const rounded = (value: number) => Number(value.toFixed(2));

/** Opens both encoders and the samples, judges, and tells scripts what all judgements have in common. */
async function judge(
  command: string,
  { flags, output }: { flags: EvaluatePairsFlags; output: Output },
  work: (pair: LoadedPair, samples: OpenedSamples) => Promise<Readonly<Record<string, unknown>>>,
): Promise<number> {
  const { run, data, testData, limit, testLimit } = flags;
  const { encoder: image, registry, backend, backendDescription } = await openRun(flags, output);
  try {
    const name = textEncoderName(image);
    if (name === undefined)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${printable(run)} keeps no encoder of texts; train one with images and texts: selfsup train --task clip --data pairs.csv`,
      );
    const labels = labelSource(flags);
    const options = labels === undefined ? columnOptions(flags) : undefined;
    const samples = await openSamplesFor(image, { data, testData, labels, limit, testLimit, options });
    const text = await loadEncoder(run, { registry, encoder: name, progress: output });
    try {
      const found = await work({ image, text }, samples);
      output.event('result', {
        ...{ command: `evaluate ${command}`, run, dataset: samples.name, backend, backendDescription, steps: image.step },
        ...found,
        skipped: samples.skipped(),
      });
      return 0;
    } finally {
      text.dispose();
    }
  } finally {
    image.dispose();
  }
}

const whose = (name: string) => (name === 'trained' ? '' : `, ${name} encoders`);

/**
 * `selfsup evaluate zero-shot`: classifies images by the names of their classes.
 *
 * @param flags see {@link EvaluateZeroShotFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateZeroShot(flags: EvaluateZeroShotFlags, output: Output): Promise<number> {
  return judge('zero-shot', { flags, output }, async (pair, samples) => {
    const { template: given, baselines } = flags;
    const found = await evaluateZeroShot(pair, samples, { templates: given, baselines, progress: output });
    const { accuracy, classNames, templates, images } = found;
    for (const [name, value] of Object.entries(accuracy))
      output.line(
        `zero-shot ${value.toFixed(2)} % of ${countOf(images, samples.unit)}, ${countOf(classNames.length, 'classes')}${whose(name)}`,
      );
    output.line(`Texts: ${templates.map((text) => printable(text, { maxLength: 60 })).join(', ')}`);
    const percent = Object.fromEntries(Object.entries(accuracy).map(([name, value]) => [name, rounded(value)]));
    return { accuracy: percent, classes: classNames.length, templates, images };
  });
}

/**
 * `selfsup evaluate cross-retrieval`: searches images by texts and texts by images.
 *
 * @param flags see {@link EvaluateCrossRetrievalFlags}
 * @param output where to report
 * @returns the exit code
 */
export function runEvaluateCrossRetrieval(flags: EvaluateCrossRetrievalFlags, output: Output): Promise<number> {
  return judge('cross-retrieval', { flags, output }, async (pair, samples) => {
    const { pairs, baselines } = flags;
    const { recall, images, texts } = await evaluateCrossRetrieval(pair, samples, { pairs, baselines, progress: output });
    for (const [name, measures] of Object.entries(recall)) {
      const list = (of: string) => [1, 5, 10].map((rank) => (measures[`${of}${rank}`] ?? 0).toFixed(1)).join(' / ');
      output.line(`recall@1/5/10 of ${countOf(images, 'images')} by their texts ${list('imageRecall')} %${whose(name)}`);
      output.line(`recall@1/5/10 of ${countOf(texts, 'texts')} by their images ${list('textRecall')} %${whose(name)}`);
    }
    const rows = Object.entries(recall).map(([name, measures]) => [name, Object.fromEntries(Object.entries(measures).map(([key, value]) => [key, rounded(value)]))]); // prettier-ignore
    return { recall: Object.fromEntries(rows) as Record<string, unknown>, images, texts };
  });
}
