import { beginFile } from '@selfsup/data/node';
import type { Shard } from '@selfsup/distributed';
import {
  predictionHeader,
  predictionLines,
  type Classifier,
  type PredictionTable,
  type Progress,
  type SamplesPart,
} from '@selfsup/pretrain';
import {
  appendTable,
  collectParts,
  finishedPart,
  listSamples,
  openInputs,
  partPath,
  recordPart,
  runFolder,
  shareOfSamples,
  type Inputs,
  type OpenedInput,
  type PartIdentity,
} from '@selfsup/pretrain/node';
import { createHash } from 'node:crypto';
import { partsFolder } from '../flags/shard-flags.ts';
import type { NewFile } from '../output/write-whole-file.ts';
import { nothingRead } from './read-inputs.ts';

/** Samples that are classified and written at once. */
const BATCH = 256;

/** What is classified, and what it takes. */
export interface Work {
  readonly classifier: Classifier;
  readonly table: PredictionTable;
  readonly threshold: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What came out. */
export interface Counted {
  readonly classified: number;
  /** Less probable than the threshold. */
  readonly open: number;
  /** `[classes]` */
  readonly counts: readonly number[];
}

/** Classifies samples batch by batch into lines. */
export async function classify(
  inputs: AsyncIterable<ClassifiedInput> | Iterable<ClassifiedInput>,
  sink: Pick<NewFile, 'write'>,
  { classifier, table, threshold, progress, signal }: Work,
): Promise<Counted> {
  const counts = new Array<number>(classifier.classes.length).fill(0);
  let [classified, open] = [0, 0];
  await sink.write(predictionHeader(table));
  for await (const { samples, indices, nameOf } of inputs) {
    const total = indices?.length ?? samples.length;
    const stage = progress.stage('Classifying', { total, unit: classifier.description.trainedOn.unit });
    for (let first = 0; first < total; first += BATCH) {
      signal.throwIfAborted();
      const batch = Int32Array.from({ length: Math.min(BATCH, total - first) }, (_, i) => indices?.[first + i] ?? first + i);
      const found = await classifier.predictSamples(samples, { indices: batch, threshold, signal, quiet: true });
      await sink.write(predictionLines(found, Array.from(found.indices, nameOf), table)); // prettier-ignore
      for (const [row, label] of found.labels.entries()) {
        classified++;
        if (found.classes[row] === '') open++;
        else counts[label]!++;
      }
      stage.update(first + batch.length);
    }
    stage.end();
  }
  return { classified, open, counts };
}

/** What is opened to be classified, and which of it; default all. */
export type ClassifiedInput = Pick<OpenedInput, 'samples' | 'nameOf'> & { readonly indices?: ArrayLike<number> | undefined };

/** What parts of predictions have in common. */
async function identityOf(folder: string, { table, threshold, classifier }: Work): Promise<PartIdentity> {
  const weights = await runFolder(folder).read('classifier.safetensors');
  return {
    classifier: createHash('sha256').update(weights!).digest('hex'),
    threshold: threshold ?? classifier.description.threshold,
    format: table.format,
  };
}

/** Where a part belongs. */
export interface Place {
  /** The file that all parts will make. */
  readonly out: string;
  /** Of the classifier. */
  readonly folder: string;
}

/** Classifies one part of the samples into a file of its own. */
export async function classifyPart(given: Inputs, shard: Shard, { out, folder, ...work }: Work & Place) {
  const { classifier, table, progress, signal } = work;
  const opened: OpenedInput[] = [];
  async function* open() {
    for await (const input of openInputs(classifier.encoder, given)) {
      opened.push(input);
      yield { samples: input.samples };
    }
  }
  const listing = await listSamples(open());
  const { samples, fingerprint } = listing;
  const identity = { ...(await identityOf(folder, work)), samples, data: fingerprint };
  const place = { folder: partsFolder(out), shard, identity };
  const [end, skipped] = [`.${table.format}`, () => opened.flatMap((input) => input.skipped())];
  const path = partPath(place.folder, shard.index, end);
  const before = await finishedPart(place, { progress, signal });
  if (before) return { ...(before.facts as unknown as Counted), path, samples, skipped: before.skipped, wasFinished: true };
  const share = shareOfSamples(listing, shard, () => BATCH);
  const nameOf = (of: SamplesPart['samples']) => opened.find((input) => input.samples === of)!.nameOf;
  const file = await beginFile(path, { who: '--out' });
  try {
    const found = await classify(share.map((part) => ({ ...part, nameOf: nameOf(part.samples) })), file, work); // prettier-ignore
    if (share.length > 0) signal.throwIfAborted();
    await file.keep();
    await recordPart(place, { ends: [end], rows: found.classified, facts: { ...found, counts: [...found.counts] }, skipped: skipped() });
    return { ...found, path, samples, skipped: skipped(), wasFinished: false };
  } finally {
    await file.drop();
  }
}

/** Joins the parts into the file that one process would have written. */
export async function joinParts({ out, folder, ...work }: Work & Place) {
  const { classifier, table, progress, signal } = work;
  const parts = partsFolder(out);
  const { records, rows, skipped } = await collectParts(parts, { identity: await identityOf(folder, work), progress, signal });
  if (rows === 0) throw nothingRead('classified', skipped);
  const header = predictionHeader(table);
  const stage = progress.stage('Joining parts', { total: records.length, unit: 'parts' });
  const file = await beginFile(out, { who: '--out' });
  try {
    await file.write(header);
    for (const { index } of records) {
      signal.throwIfAborted();
      await appendTable(file, partPath(parts, index, `.${table.format}`), { header });
      stage.update(index + 1);
    }
    await file.keep();
  } finally {
    stage.end();
    await file.drop();
  }
  const facts = records.map((record) => record.facts as unknown as Counted);
  const counts = classifier.classes.map((_, i) => facts.reduce((sum, of) => sum + of.counts[i]!, 0));
  return { classified: rows, open: facts.reduce((sum, of) => sum + of.open, 0), counts, skipped, parts: records.length };
}
