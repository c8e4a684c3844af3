import * as tf from '@tensorflow/tfjs-core';
import { mapTensors, namedTensors, SelfsupError, type Batch, type Collective } from '@selfsup/core';
import { ownTensors } from './tensor-record.ts';

/** Gathers one tensor; ranks exchange float32 and int32 only. The caller keeps `x` and owns the result. */
async function gatherTensor(x: tf.Tensor, collective: Collective): Promise<tf.Tensor> {
  const sent = x.dtype === 'float32' || x.dtype === 'int32' ? tf.clone(x) : tf.cast(x, 'int32');
  const gathered = await collective.allGather(sent);
  const result = tf.tidy(() => tf.cast(gathered, x.dtype));
  if (gathered !== sent) gathered.dispose();
  sent.dispose();
  return result;
}

/** How many rows each rank has. Internal. */
export async function gatherCounts(rows: number, collective: Collective): Promise<readonly number[]> {
  const mine = tf.tensor1d([rows], 'int32');
  const all = await gatherTensor(mine, collective);
  const counts = [...(await all.data())];
  tf.dispose([mine, all]);
  if (counts.length !== collective.worldSize)
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `allGather of [1] from ${collective.worldSize} ranks must give [${collective.worldSize}], got [${counts.length}]`,
    );
  return counts;
}

/**
 * Throws unless all ranks have as many micro-batches. Internal.
 *
 * @throws SelfsupError `SELFSUP_BATCH`
 */
export async function checkMicroBatches(task: string, count: number, collective: Collective): Promise<void> {
  if (collective.worldSize === 1) return;
  const counts = await gatherCounts(count, collective);
  if (counts.some((other) => other !== count))
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `trainStep: an update of ${task} must have as many micro-batches on each rank, got [${counts.join(', ')}]`,
    );
}

/**
 * Puts the rows of all ranks under each other, in rank order; in new tensors where there are several. Internal.
 *
 * @remarks One call of the collective for each tensor, so that ranks may differ in rows.
 */
export async function gatherRecord<R extends Batch>(record: R, collective: Collective): Promise<R> {
  if (collective.worldSize === 1) return record;
  const gathered = new Map<string, tf.Tensor>();
  try {
    for (const [name, tensor] of namedTensors(record)) gathered.set(name, await gatherTensor(tensor, collective));
    return ownTensors(() => mapTensors(record, (_, name) => gathered.get(name)!));
  } finally {
    tf.dispose([...gathered.values()]);
  }
}

/**
 * The rows of all ranks under a gradient tape, for records whose tensors all have the same rows: those of float32 together, in one call. Internal.
 *
 * @param gatherRows gathers float32 `[rows, columns]`, differentiable; `gather` anything
 */
export function gatherTaped<R extends Batch>(record: R, gatherRows: (x: tf.Tensor) => tf.Tensor, gather: (x: tf.Tensor) => tf.Tensor): R {
  const gathered = new Map<string, tf.Tensor>();
  const all = namedTensors(record);
  const floats = all.filter(([, { dtype }]) => dtype === 'float32');
  const widths = floats.map(([, { shape }]) => shape.slice(1).reduce((a, b) => a * b, 1));
  const packed = floats.map(([, tensor], i) => tf.reshape(tensor, [tensor.shape[0], widths[i]!]));
  if (floats.length > 0) {
    const rows = gatherRows(packed.length === 1 ? packed[0]! : tf.concat(packed, 1));
    const parts = packed.length === 1 ? [rows] : tf.split(rows, widths, 1);
    floats.forEach(([name, { shape }], i) => gathered.set(name, tf.reshape(parts[i]!, [rows.shape[0], ...shape.slice(1)])));
  }
  for (const [name, tensor] of all) if (!gathered.has(name)) gathered.set(name, tf.cast(gather(tf.cast(tensor, 'int32')), tensor.dtype));
  return mapTensors(record, (_, name) => gathered.get(name)!);
}

/**
 * As {@link gatherRecord}, for records whose tensors all have the same rows: one call of the collective for each type. Internal.
 */
export async function gatherSamples<R extends Batch>(record: R, collective: Collective): Promise<R> {
  if (collective.worldSize === 1) return record;
  const gathered = new Map<string, tf.Tensor>();
  const all = namedTensors(record);
  try {
    for (const dtype of [...new Set(all.map(([, tensor]) => tensor.dtype))].sort()) {
      const tensors = all.filter(([, tensor]) => tensor.dtype === dtype);
      const widths = tensors.map(([, { shape }]) => shape.slice(1).reduce((a, b) => a * b, 1));
      const packed = tf.tidy(() =>
        tf.concat(
          tensors.map(([, tensor], i) => tf.reshape(tensor, [tensor.shape[0], widths[i]!])),
          1,
        ),
      ); // [rows, all widths]
      const rows = await gatherTensor(packed, collective).finally(() => {
        packed.dispose();
      });
      const parts = tf.split(rows, widths, 1);
      rows.dispose();
      tensors.forEach(([name, { shape }], i) => {
        const part = parts[i]!;
        gathered.set(name, tf.reshape(part, [part.shape[0], ...shape.slice(1)]));
        part.dispose();
      });
    }
    return ownTensors(() => mapTensors(record, (_, name) => gathered.get(name)!));
  } finally {
    tf.dispose([...gathered.values()]);
  }
}
