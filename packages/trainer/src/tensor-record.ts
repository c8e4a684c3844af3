import * as tf from '@tensorflow/tfjs-core';
import { mapTensors, namedTensors, SelfsupError, type Batch } from '@selfsup/core';

/** Runs what gives tensors and returns them as tensors of their own, by reference: it may give variables, tensors of the batch or the same one twice. Internal. */
export function ownTensors<R extends Batch>(make: () => R): R {
  return tf.tidy(() => mapTensors(make(), (tensor) => tf.clone(tensor)) as tf.TensorContainer) as R;
}

/** Disposes a record's tensors. Internal. */
export function disposeTensors(record: Batch | undefined): void {
  for (const [, tensor] of namedTensors(record ?? {})) tensor.dispose();
}

const show = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** How many samples a batch has, where all of its tensors say the same. Internal. */
export function samplesOf(batch: Batch): number | undefined {
  const counts = new Set(namedTensors(batch).map(([, { shape }]) => shape[0]));
  return counts.size === 1 ? [...counts][0] : undefined;
}

/**
 * Throws unless axis 0 of every tensor is the samples of the micro-batch. Internal.
 *
 * @param made what was made, by the method that made it
 * @returns the number of rows
 */
export function checkRows(task: string, batch: Batch, made: Readonly<Record<'embed' | 'targets', Batch>>): number {
  const { embed, targets } = made;
  const [first] = namedTensors(embed);
  if (!first) throw new SelfsupError('SELFSUP_SHAPE', `\`embed\` of ${task} must give at least one tensor, got none`);
  const rows = samplesOf(batch) ?? first[1].shape[0] ?? 0;
  for (const [method, record] of [
    ['embed', embed],
    ['targets', targets],
  ] as const)
    for (const [name, { shape }] of namedTensors(record))
      if (shape[0] !== rows)
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `\`${method}\` of ${task}: \`${name}\` must have ${rows} rows on axis 0, one for each sample of the micro-batch, got shape ${show(shape)}; rows that are not samples belong into \`loss\`, and a list of tensors holds several per sample`,
        );
  return rows;
}

/** Throws unless every tensor has an axis 0 along which micro-batches and ranks can be put together. Internal. */
export function checkRanks(task: string, method: string, record: Batch): void {
  for (const [name, tensor] of namedTensors(record))
    if (!((tensor as unknown) instanceof tf.Tensor) || tensor.rank === 0)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `\`${method}\` of ${task}: \`${name}\` must be a tensor of rank >= 1, since \`afterStep\` gets the rows of all micro-batches and ranks, got ${(tensor as unknown) instanceof tf.Tensor ? 'a scalar' : typeof tensor}; give it the shape [1]`,
      );
}

/** Puts records of the same names under each other along axis 0, in new tensors. Internal. */
export function concatRecords<R extends Batch>(task: string, method: string, records: readonly R[]): R {
  const [first] = records;
  const lists = records.map(namedTensors);
  lists.forEach((list, i) => {
    const [expected, got] = [lists[0]!, list].map((tensors) =>
      tensors.map(([name, { shape }]) => `${name} ${show(['rows', ...shape.slice(1)] as never)}`).join('; '),
    );
    if (expected !== got)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `\`${method}\` of ${task} must give tensors of one kind for all micro-batches of an update, got ${expected} and, from micro-batch ${i}, ${got}`,
      );
  });
  const byName = lists.map((list) => new Map(list));
  return ownTensors(() =>
    mapTensors(first!, (_, name) =>
      tf.concat(
        byName.map((tensors) => tensors.get(name)!),
        0,
      ),
    ),
  );
}
