import { countOf, printable, SelfsupError } from '@selfsup/core';
import { countSkipped, type PredictionTable, type Skipped } from '@selfsup/pretrain';
import { classifierFolder, listClassifiers, loadClassifier, openInputs, partPath, type Inputs } from '@selfsup/pretrain/node';
import { existsSync, statSync } from 'node:fs';
import type { RunFlags } from '../flags/common-flags.ts';
import { findShare, nameOfPart, partsFolder, type ShardFlags } from '../flags/shard-flags.ts';
import type { Output } from '../output/output.ts';
import { gatherPlugins } from '../plugins/gather-plugins.ts';
import { assertWritable, beginWholeFile, type NewFile } from '../output/write-whole-file.ts';
import { runUntilInterrupt } from '../run-until-interrupt.ts';
import { chooseBackend } from './choose-backend.ts';
import { classify, classifyPart, joinParts, type Counted, type Work } from './predict-parts.ts';
import { assertThere, nothingRead, sortInputs } from './read-inputs.ts';

/** The flags of `selfsup predict`. */
export interface PredictFlags extends RunFlags, ShardFlags {
  readonly classifier?: string;
  readonly text?: readonly string[];
  readonly out?: string;
  readonly threshold?: number;
  readonly documents?: string;
}

/** What the names of samples are: of texts the texts themselves, unless each is a file of a folder or pattern. */
function whatNames(isText: boolean, inputs: readonly string[], { text }: PredictFlags): 'file' | 'text' {
  const isFile = (input: string) => input === '-' || (statSync(input, { throwIfNoEntry: false })?.isFile() ?? false);
  return isText && (text !== undefined || inputs.length === 0 || inputs.some(isFile)) ? 'text' : 'file';
}

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

/** Classifies all samples, into a file or onto standard output. */
async function classifyAll(given: Inputs, work: Work, { out, write }: { out: string | undefined; write: (text: string) => void }) {
  const skipped: Skipped[] = [];
  async function* open() {
    for await (const input of openInputs(work.classifier.encoder, given)) {
      yield input;
      skipped.push(...input.skipped());
    }
  }
  const sink = await openSink(out, write);
  try {
    const found = await classify(open(), sink, work);
    if (found.classified === 0) throw nothingRead('classified', skipped);
    await sink.keep();
    return { ...found, skipped };
  } finally {
    await sink.drop();
  }
}

/**
 * `selfsup predict`: classifies photos or texts by a kept classifier, batch by batch; or one part of them, or joins the parts.
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
  const share = await findShare(flags);
  if (out !== undefined && !/\.(csv|jsonl)$/i.test(out))
    throw new SelfsupError('SELFSUP_OPTION', `--out must end in .csv or .jsonl, got ${printable(out)}`);
  if (out === undefined && share.kind !== 'all')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '--shard and --merge need a file that the parts belong to; add --out, such as predictions.csv',
    );
  if (out === undefined && output.json)
    throw new SelfsupError('SELFSUP_OPTION', '--json and predictions cannot share standard output; add --out');
  if (inputs.length === 0 && !flags.text && share.kind !== 'merge')
    throw new SelfsupError('SELFSUP_OPTION', 'say what to classify: files, folders, or - for standard input');
  const format = /\.jsonl$/i.test(out ?? '') ? 'jsonl' : 'csv';
  await assertWritable(share.kind === 'part' ? partPath(partsFolder(out!), share.shard.index, `.${format}`) : out, '--out');
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
  const { classes, encoder, description } = classifier;
  const table: PredictionTable = {
    format,
    classes,
    nameOf: whatNames(encoder.modality.name === 'text', share.kind === 'all' ? inputs : [], flags),
  };
  const say = (found: Counted & { readonly skipped: readonly Skipped[] }, place: string | undefined, facts: object = {}) => {
    const { classified, open, counts, skipped } = found;
    const parts = classes.map((name, i) => `${printable(name, { maxLength: 40 })} ${counts[i]!}`).filter((_, i) => counts[i]! > 0); // prettier-ignore
    output.event('result', {
      ...{ command: 'predict', run, classifier: description.name, backend: backend.name, backendDescription: backend.description },
      ...{ classified, open, out: place, counts: Object.fromEntries(classes.map((name, i) => [name, counts[i]!])), skipped, ...facts },
    });
    return `${classified} classified${place === undefined ? '' : `, in ${printable(place)}`}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}${open > 0 ? `; ${open} left open, less probable than the threshold` : ''}${skipped.length > 0 ? `; ${countSkipped(skipped)} not read` : ''}`;
  };
  return runUntilInterrupt(
    output,
    async (signal) => {
      const work: Work = { classifier, table, threshold, progress, signal };
      if (share.kind === 'merge') {
        const found = await joinParts({ ...work, out: out!, folder });
        progress.line(`${countOf(found.parts, 'parts')} joined: ${say(found, out, { parts: found.parts })}`);
        return 0;
      }
      const { documents } = flags;
      const given = { ...(await sortInputs(encoder, inputs, flags.text)), ...(documents !== undefined && { options: { documents } }) };
      if (share.kind === 'all') {
        progress.line(say(await classifyAll(given, work, { out, write }), out));
        return 0;
      }
      const { shard } = share;
      assertThere(encoder, inputs);
      const found = await classifyPart(given, shard, { ...work, out: out!, folder });
      const { wasFinished, samples, path } = found;
      const before = wasFinished ? ' was finished already, and is as it was written' : '';
      const said = say(found, path, { shard, samples, wasFinished });
      progress.line(`${nameOfPart(shard)}${before}: ${said}; join the parts with --merge`);
      return 0;
    },
    () => {
      classifier.dispose();
    },
  );
}
