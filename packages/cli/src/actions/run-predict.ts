import { printable, SelfsupError } from '@selfsup/core';
import { countSkipped, predictionHeader, predictionLines, type PredictionTable, type Skipped } from '@selfsup/pretrain';
import { classifierFolder, listClassifiers, loadClassifier, openInputs } from '@selfsup/pretrain/node';
import { existsSync } from 'node:fs';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { gatherPlugins } from '../plugins/gather-plugins.ts';
import { assertWritable, beginWholeFile, type NewFile } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { chooseBackend } from './choose-backend.ts';
import { nothingRead, sortInputs } from './read-inputs.ts';

/** The flags of `selfsup predict`. */
export interface PredictFlags extends RunFlags {
  readonly classifier?: string;
  readonly text?: readonly string[];
  readonly out?: string;
  readonly threshold?: number;
}

/** Samples that are classified and written at once. */
const BATCH = 256;

/** The folder of the classifier that is meant. */
async function findClassifier({ run, classifier }: PredictFlags): Promise<string> {
  if (classifier !== undefined) {
    const own = classifierFolder(run, classifier);
    return !existsSync(own) && existsSync(classifier) ? classifier : own;
  }
  const names = await listClassifiers(run);
  if (names.length === 1) return classifierFolder(run, names[0]!);
  throw new SelfsupError(
    'SELFSUP_OPTION',
    names.length === 0
      ? `${printable(run)} has no classifier yet; make one with: selfsup fine-tune --run ${printable(run)}`
      : `say which classifier with --classifier: ${names.map((name) => printable(name)).join(', ')}`,
  );
}

/** Where the lines go: a file, which is there whole or not at all, or standard output. */
async function openSink(out: string | undefined, write: (text: string) => void): Promise<NewFile> {
  if (out !== undefined) return beginWholeFile(out);
  const done = () => Promise.resolve();
  return {
    write: (text) => {
      write(String(text));
      return done();
    },
    keep: done,
    drop: done,
  };
}

/**
 * `selfsup predict`: classifies photos or texts by a kept classifier, batch by batch.
 *
 * @param inputs files and folders; `-` stands for the lines of standard input
 * @param flags see {@link PredictFlags}
 * @param streams where to report, and where predictions go without `--out`
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runPredict(
  inputs: readonly string[],
  flags: PredictFlags,
  { output, write }: { output: Output; write: (text: string) => void },
): Promise<number> {
  const { out, threshold, run } = flags;
  if (out !== undefined && !/\.(csv|jsonl)$/i.test(out))
    throw new SelfsupError('SELFSUP_OPTION', `--out must end in .csv or .jsonl, got ${printable(out)}`);
  if (out === undefined && output.json)
    throw new SelfsupError('SELFSUP_OPTION', '--json and predictions cannot share standard output; add --out');
  if (inputs.length === 0 && !flags.text)
    throw new SelfsupError('SELFSUP_OPTION', 'say what to classify: files, folders, or - for standard input');
  await assertWritable(out, '--out');
  const folder = await findClassifier(flags);
  const { registry } = await gatherPlugins({ plugins: flags.plugin ?? [] }, process.cwd());
  const backend = await chooseBackend(flags, registry);
  for (const reason of backend.rejected) output.warn(reason);
  const progress = {
    ...output,
    line: (text: string) => {
      if (output.json || out !== undefined) output.line(text);
      else output.warn(text);
    },
  }; // standard output is for the predictions
  const classifier = await loadClassifier(folder, { encoder: run, registry, progress });
  return runUntilInterrupt(
    output,
    async (signal) => {
      const { classes, encoder, description } = classifier;
      const isText = encoder.modality.name === 'text';
      const given = await sortInputs(encoder, inputs, flags.text);
      const table: PredictionTable = { format: /\.jsonl$/i.test(out ?? '') ? 'jsonl' : 'csv', classes, nameOf: isText ? 'text' : 'file' };
      const sink = await openSink(out, write);
      const counts = new Array<number>(classes.length).fill(0);
      let [classified, open] = [0, 0];
      const skipped: Skipped[] = [];
      try {
        await sink.write(predictionHeader(table));
        for await (const input of openInputs(encoder, given)) {
          const { samples } = input;
          const stage = progress.stage('Classifying', { total: samples.length, unit: description.trainedOn.unit });
          for (let first = 0; first < samples.length; first += BATCH) {
            signal.throwIfAborted();
            const indices = Int32Array.from({ length: Math.min(BATCH, samples.length - first) }, (_, i) => first + i);
            const found = await classifier.predictSamples(samples, { indices, threshold, signal, quiet: true });
            await sink.write(predictionLines(found, Array.from(found.indices, input.nameOf), table)); // prettier-ignore
            for (const [row, label] of found.labels.entries()) {
              classified++;
              if (found.classes[row] === '') open++;
              else counts[label]!++;
            }
            stage.update(first + indices.length);
          }
          stage.end();
          skipped.push(...input.skipped());
        }
        if (classified === 0) throw nothingRead('classified', skipped);
        await sink.keep();
      } finally {
        await sink.drop();
      }
      const parts = classes.map((name, i) => `${printable(name, { maxLength: 40 })} ${counts[i]!}`).filter((_, i) => counts[i]! > 0); // prettier-ignore
      progress.line(
        `${classified} classified${out === undefined ? '' : `, in ${printable(out)}`}: ${parts.join(', ')}${open > 0 ? `; ${open} left open, less probable than the threshold` : ''}${skipped.length > 0 ? `; ${countSkipped(skipped)} not read` : ''}`,
      );
      output.event('result', {
        ...{ command: 'predict', run, classifier: description.name, backend: backend.name, backendDescription: backend.description },
        ...{ classified, open, out, counts: Object.fromEntries(classes.map((name, i) => [name, counts[i]!])), skipped },
      });
      return 0;
    },
    () => {
      classifier.dispose();
    },
  );
}
