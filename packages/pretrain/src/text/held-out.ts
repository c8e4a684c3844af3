import {
  createRng,
  createStepContext,
  nextTurn,
  type AnyPretextTaskRun,
  type LossResult,
  type StepContext,
  type Targets,
} from '@selfsup/core';
import type { TokenDataset, TokenRows } from '@selfsup/data/text';
import * as tf from '@tensorflow/tfjs-core';
import { tokenBatch, type TokenBatch } from './token-batch.ts';

/** What held-out text says about a model. */
export interface HeldOutFinding {
  /** The mean cross entropy of the predicted tokens, in nats. */
  readonly loss: number;
  /** Which tokens they were. */
  readonly labels: readonly number[];
}

/** Options of {@link measureHeldOut}. */
export interface HeldOutOptions {
  /** The sequences; all are measured. */
  dataset: TokenDataset;
  /** Sequences per forward pass. */
  batchSize: number;
  /** The seed of the masks: the same for every measurement of a run. */
  seed: number;
  /** Which metric is the loss of the predicted tokens; `loss` where undefined. */
  tokenLoss?: string | undefined;
  /** Updates of the run, which schedules of the task may ask for. */
  totalSteps: number;
  /** Told after each batch. */
  onProgress?: (done: number) => void;
  signal?: AbortSignal | undefined;
}

/** The ids that a batch asks for where nothing is hidden: all but the first of each sequence. */
function followingIds({ tokenIds, attentionMask, shape: [n, length] }: TokenRows): Int32Array {
  const ids: number[] = [];
  for (let row = 0; row < n; row++)
    for (let at = 1; at < length; at++) if (attentionMask[row * length + at] === 1) ids.push(tokenIds[row * length + at]!);
  return Int32Array.from(ids);
}

/** The loss of a batch, of a task with or without `embed`. Internal. */
export const lossOf = (run: AnyPretextTaskRun<TokenBatch>, batch: TokenBatch, targets: Targets, context: StepContext): LossResult =>
  run.embed ? run.loss(run.embed(batch, targets, context), targets, context) : run.loss(batch, targets, context);

/** The loss of a batch, and the hidden ids where some are hidden. */
function measureBatch(
  run: AnyPretextTaskRun<TokenBatch>,
  rows: TokenRows,
  options: { context: StepContext; tokenLoss: string | undefined },
) {
  const { context, tokenLoss } = options;
  return tf.tidy(() => {
    const batch = tokenBatch(rows);
    const targets: Targets = run.targets?.(batch, context) ?? {};
    const { loss, metrics } = lossOf(run, batch, targets, context);
    const measured = tokenLoss === undefined ? loss : metrics![tokenLoss]!;
    const { labels } = targets;
    return labels instanceof tf.Tensor ? [measured, labels] : [measured];
  });
}

/**
 * Measures a task on text that it has not learned from, always under the same masks.
 *
 * @param run the task with its networks
 * @param options see {@link HeldOutOptions}
 * @returns see {@link HeldOutFinding}: each predicted token counts the same
 */
export async function measureHeldOut(run: AnyPretextTaskRun<TokenBatch>, options: HeldOutOptions): Promise<HeldOutFinding> {
  const { dataset, batchSize, seed, tokenLoss, totalSteps, onProgress, signal } = options;
  const rng = createRng(seed).fold('held-out');
  const labels: number[] = [];
  let sum = 0;
  for (let first = 0; first < dataset.length; first += batchSize) {
    signal?.throwIfAborted();
    const size = Math.min(batchSize, dataset.length - first);
    const rows = await dataset.read(Array.from({ length: size }, (_, i) => first + i));
    // masks are drawn by the number of the first sequence, in the place of the step
    const context = createStepContext({ rng, step: first, totalSteps, training: false });
    const tensors = measureBatch(run, rows, { context, tokenLoss });
    const [loss, hidden] = await Promise.all(tensors.map((tensor) => tensor.data()));
    tf.dispose(tensors);
    const ids = hidden ?? followingIds(rows);
    sum += loss![0]! * ids.length;
    for (const id of ids) labels.push(id);
    onProgress?.(first + size);
    await nextTurn(); // for whoever wants to stop
  }
  return { loss: sum / labels.length, labels };
}
