import { createRng, createStepContext, nextTurn, SelfsupError, type AnyPretextTaskRun, type Targets } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { lossOf, type HeldOutOptions } from './held-out.ts';
import { tokenBatch, type TokenBatch } from './token-batch.ts';

/** How well a model tells replaced tokens from original ones on held-out text. */
export interface DetectionFinding {
  /** The mean cross entropy over all tokens but padding, in nats. */
  readonly loss: number;
  /** What it would be for someone who knows how often each word was replaced, and does not look at the context. */
  readonly wordLoss: number;
  /** Tokens that were judged. */
  readonly tokens: number;
  /** The share of them that was replaced. */
  readonly replacedShare: number;
}

/** How often a word stands there, and how often as a replacement. */
interface Count {
  all: number;
  replaced: number;
}

/** The cross entropy of replacements by the word alone, each token judged by the others of its word and one token of the average. */
function wordLossOf(counts: Iterable<Count>, { tokens, replacedShare }: { tokens: number; replacedShare: number }): number {
  let sum = 0;
  for (const { all, replaced } of counts) {
    const original = all - replaced;
    if (replaced > 0) sum -= replaced * Math.log((replaced - 1 + replacedShare) / all);
    if (original > 0) sum -= original * Math.log((original - replacedShare) / all);
  }
  return sum / tokens;
}

function partsOf(targets: Targets): { filledIds: tf.Tensor; replaced: tf.Tensor } {
  const { filledIds, replaced } = targets;
  if (filledIds instanceof tf.Tensor && replaced instanceof tf.Tensor && filledIds.size === replaced.size) return { filledIds, replaced };
  throw new SelfsupError(
    'SELFSUP_STATE',
    'the targets of a task with `detectionLoss` must have `filledIds` [batch, length] and, of as many tokens, `replaced`',
  );
}

/**
 * Measures a task that tells replaced tokens from original ones on text that it has not learned from, always under the same masks.
 *
 * @param run the task with its networks; its targets have `filledIds` and `replaced`, as `replacedToken` of `@selfsup/pretext-tasks` has them
 * @param options see {@link HeldOutOptions}; `tokenLoss` is the metric that is the cross entropy of the judgments
 * @returns see {@link DetectionFinding}
 */
export async function measureDetection(run: AnyPretextTaskRun<TokenBatch>, options: HeldOutOptions): Promise<DetectionFinding> {
  const { dataset, batchSize, seed, tokenLoss = 'loss', totalSteps, onProgress, signal } = options;
  const rng = createRng(seed).fold('held-out');
  const counts = new Map<number, Count>();
  let [sum, tokens, changed] = [0, 0, 0];
  for (let first = 0; first < dataset.length; first += batchSize) {
    signal?.throwIfAborted();
    const size = Math.min(batchSize, dataset.length - first);
    const rows = await dataset.read(Array.from({ length: size }, (_, i) => first + i));
    const context = createStepContext({ rng, step: first, totalSteps, training: false });
    const tensors = tf.tidy(() => {
      const batch = tokenBatch(rows);
      const targets: Targets = run.targets?.(batch, context) ?? {};
      const { filledIds, replaced } = partsOf(targets);
      return [lossOf(run, batch, targets, context).metrics![tokenLoss]!, tf.clone(filledIds), tf.clone(replaced)];
    });
    const [loss, ids, replaced] = await Promise.all(tensors.map((tensor) => tensor.data()));
    tf.dispose(tensors);
    let own = 0;
    for (const [at, real] of rows.attentionMask.entries()) {
      if (real === 0) continue;
      own++;
      const count = counts.get(ids![at]!) ?? { all: 0, replaced: 0 };
      counts.set(ids![at]!, count);
      count.all++;
      if (replaced![at]! > 0) [count.replaced, changed] = [count.replaced + 1, changed + 1];
    }
    sum += loss![0]! * own;
    tokens += own;
    onProgress?.(first + size);
    await nextTurn(); // for whoever wants to stop
  }
  const replacedShare = changed / tokens;
  return { loss: sum / tokens, wordLoss: wordLossOf(counts.values(), { tokens, replacedShare }), tokens, replacedShare };
}
