import * as tf from '@tensorflow/tfjs-core';
import {
  mapTensors,
  namedTensors,
  type AnyPretextTaskRun,
  type Batch,
  type LossResult,
  type StepContext,
  type Targets,
} from '@selfsup/core';

/** One micro-batch, or what one rank has. Internal. */
export interface Part {
  readonly batch: Batch;
  readonly targets: Targets;
  readonly context: StepContext;
}

/** Records of the same names, with their rows under each other. Internal. */
export function joinRows<R extends Batch>(records: readonly R[]): R {
  if (records.length === 1) return records[0]!;
  const tensors = records.map((record) => new Map(namedTensors(record)));
  return mapTensors(records[0]!, (_, name) => tf.concat(tensors.map((part) => part.get(name)!)));
}

/** The mean of losses, with the weights that they give. Internal. */
export function meanLoss(results: readonly Pick<LossResult, 'loss' | 'weight'>[]): tf.Scalar {
  const weights = results.map(({ weight = tf.scalar(1) }) => weight);
  return tf.div<tf.Scalar>(tf.addN(results.map(({ loss }, i) => tf.mul(loss, weights[i]!))), tf.addN(weights));
}

/** The loss of an update, as the trainer defines it: of the embeddings of all parts, or without `embed` the weighted mean over the parts. Internal. */
export function lossOf(run: AnyPretextTaskRun, parts: readonly Part[], shared: StepContext): LossResult {
  if (run.embed) {
    const embeddings = joinRows(parts.map(({ batch, targets, context }) => run.embed(batch, targets, context)));
    return run.loss(embeddings, joinRows(parts.map(({ targets }) => targets)), shared);
  }
  const results = parts.map(({ batch, targets, context }) => run.loss(batch, targets, context));
  if (results.length === 1) return results[0]!;
  const loss = meanLoss(results);
  // rows can be put together only where a task has them put together
  return run.afterStep ? { loss, keep: joinRows(results.map(({ keep }) => keep ?? {})) } : { loss };
}
