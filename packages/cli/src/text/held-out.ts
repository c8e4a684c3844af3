import { createRng, soloCollective, type PretextTaskRun, type StepContext, type Targets } from '@selfsup/core';
import { toTokens, type TokenDataset, type TokenRows } from '@selfsup/data/text';
import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from './registry-text-tasks.ts';

/** What held-out text says about a model, in nats per predicted token. */
export interface HeldOutFinding {
  /** The mean cross entropy of the predicted tokens. */
  readonly loss: number;
  /** How many tokens were predicted. */
  readonly tokens: number;
  /** Which tokens they were. */
  readonly labels: readonly number[];
}

/** Options of {@link measureHeldOut}. */
export interface HeldOutOptions {
  /** The sequences. */
  dataset: TokenDataset;
  /** At most so many of them, spread evenly. */
  limit: number;
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
}

/** A batch of the task, with the names that tasks have for its parts. */
export function toBatch(rows: TokenRows): TokenBatch {
  const { nextSentenceLabels, ...tokens } = toTokens(rows);
  return { ...tokens, ...(nextSentenceLabels && { nextSentence: nextSentenceLabels }) };
}

/** The ids that a batch asks for: the hidden ones, or with nothing hidden all but the first of each sequence. */
function predicted(batch: TokenBatch, targets: Targets | undefined, rows: TokenRows): Int32Array {
  const labels = targets?.['labels'];
  if (labels) return labels.dataSync<'int32'>();
  const [n, length] = rows.shape;
  const ids: number[] = [];
  for (let row = 0; row < n; row++)
    for (let at = 1; at < length; at++) if (rows.attentionMask[row * length + at] === 1) ids.push(rows.tokenIds[row * length + at]!);
  return Int32Array.from(ids);
}

/**
 * Measures a task on text that it has not learned from, always under the same masks.
 *
 * @param run the task with its networks
 * @param options see {@link HeldOutOptions}
 * @returns see {@link HeldOutFinding}: each predicted token counts the same
 */
export async function measureHeldOut(run: PretextTaskRun<TokenBatch>, options: HeldOutOptions): Promise<HeldOutFinding> {
  const { dataset, limit, batchSize, seed, tokenLoss, totalSteps, onProgress } = options;
  const rng = createRng(seed).fold('held-out');
  const count = Math.min(limit, dataset.length);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * dataset.length) / count));
  const labels: number[] = [];
  let sum = 0;
  for (let first = 0; first < count; first += batchSize) {
    const rows = await dataset.read(chosen.slice(first, first + batchSize));
    const context: StepContext = { rng, totalSteps, step: first, training: false, collective: soloCollective };
    const { value, ids } = tf.tidy(() => {
      const batch = toBatch(rows);
      const targets = run.targets?.(batch, context);
      const result = run.loss(batch, targets ?? {}, context);
      const scalar = tokenLoss === undefined ? result.loss : result.metrics![tokenLoss]!;
      return { value: scalar.dataSync()[0]!, ids: predicted(batch, targets, rows) };
    });
    sum += value * ids.length;
    for (const id of ids) labels.push(id);
    onProgress?.(first + rows.shape[0]);
    await new Promise((resolve) => setImmediate(resolve)); // a turn for Ctrl-C
  }
  return { loss: sum / labels.length, tokens: labels.length, labels };
}
