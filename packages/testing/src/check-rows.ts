import * as tf from '@tensorflow/tfjs-core';
import { mapTensors, namedTensors, type Batch, type Embeddings, type Targets } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { contextAt, fail, makeStep, targetsOf, withBatch, withRun } from './drive-task.ts';
import { joinRows } from './loss-of-parts.ts';
import { largest, readValues } from './variable-values.ts';

const rowsOf = (record: Batch): Set<number | undefined> => new Set(namedTensors(record).map(([, { shape }]) => shape[0]));

/** Some rows of each tensor, in the order of their numbers. */
const takeRows = <R extends Batch>(record: R, rows: readonly number[]): R =>
  mapTensors(record, (tensor) => tf.gather(tensor, tf.tensor1d([...rows], 'int32')));

/** Axis 0 of every tensor must be the samples. */
function checkSamples(batch: Batch, made: Readonly<Record<'embed' | 'targets', Batch>>): void {
  const [first] = namedTensors(made.embed);
  if (!first) fail('`embed` must give at least one tensor, got none');
  const samples = rowsOf(batch);
  const rows = samples.size === 1 ? [...samples][0] : first[1].shape[0];
  for (const [method, record] of Object.entries(made))
    for (const [name, { shape }] of namedTensors(record))
      if (shape[0] !== rows)
        fail(
          `\`${name}\` of \`${method}\` must have ${rows} rows on axis 0, one for each sample of the batch, got shape [${shape.join(', ')}]`,
        );
}

async function expectSame(actual: Embeddings, expected: Embeddings, how: string): Promise<void> {
  const found = await readValues(actual);
  for (const [name, b] of Object.entries(await readValues(expected))) {
    const a = found[name]!;
    const error = largest(Array.from(b, (x, i) => x - a[i]!));
    if (!(error <= 1e-4 * Math.max(1e-4, largest(b))))
      fail(
        `\`embed\` must say about each sample what it says alone: ${how} changes \`${name}\` by ${error.toPrecision(2)}; terms across samples belong in \`loss\``,
      );
  }
}

/** 13. Internal. */
export async function checkRows(subject: Subject): Promise<void> {
  await withRun(subject, async (either) => {
    if (!either.embed) return;
    const run = either;
    for (let step = 0; step < 2; step++) {
      await withBatch(subject, step, async (batch) => {
        // with running statistics and without dropout: what normalization over the batch does is the network's affair
        const context = contextAt(subject, step, { training: false });
        const targets = targetsOf(run, batch, context);
        const whole = run.embed(batch, targets, context);
        checkSamples(batch, { embed: whole, targets });
        const rows = namedTensors(whole)[0]![1].shape[0];
        const embedPart = (part: Batch, partTargets: Targets): Embeddings => run.embed(part, partTargets, context);
        const numbers = Array.from({ length: rows }, (_, i) => i);
        const half = Math.ceil(rows / 2);
        if (rowsOf(batch).size === 1) {
          const reversed = numbers.toReversed();
          const parts = [numbers.slice(0, half), numbers.slice(half)].filter((part) => part.length > 0);
          await expectSame(
            embedPart(takeRows(batch, reversed), takeRows(targets, reversed)),
            takeRows(whole, reversed),
            'another order of the samples',
          );
          await expectSame(
            joinRows(parts.map((part) => embedPart(takeRows(batch, part), takeRows(targets, part)))),
            whole,
            'a batch of half the samples',
          );
        } else if (subject.skip.ranks === undefined) {
          const halves = [0, 1].map((part) => subject.split(batch, part));
          const parts = [numbers.slice(0, rows / 2), numbers.slice(rows / 2)];
          await expectSame(
            joinRows(halves.map((part, i) => embedPart(part, takeRows(targets, parts[i]!)))),
            whole,
            'a batch of half the samples',
          );
        }
      });
      await makeStep(subject, run, { step });
    }
  });
}
