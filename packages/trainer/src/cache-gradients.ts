import * as tf from '@tensorflow/tfjs-core';
import {
  abandonTape,
  namedTensors,
  SelfsupError,
  type Batch,
  type Embeddings,
  type EmbeddingRun,
  type Gradients,
  type StepContext,
  type Targets,
} from '@selfsup/core';
import { takeSnapshot } from './buffer-snapshot.ts';
import { gathersAtOnce } from './assert-synchronous.ts';
import { checkMicroBatches, gatherCounts, gatherSamples, gatherTaped } from './gather-rows.ts';
import { learningVariables } from './learning-variables.ts';
import { addGradients, byPath, checkConnected, differentiateLoss, scaleGradients } from './step-gradients.ts';
import { computeTargets, type MicroBatches, type TaskAtWork, type UpdateContexts, type UpdateGradients } from './task-at-work.ts';
import { checkRows, concatRecords, ownTensors } from './tensor-record.ts';
import { disposeAll, tidyAsync } from './tidy-async.ts';

type Own = <C>(container: C) => C;

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** A micro-batch whose tensors are ours, by reference: its source may dispose it. */
interface Part<B extends Batch, T extends Targets> {
  readonly batch: B;
  readonly context: StepContext;
  /** Of the first pass. */
  first?: { readonly targets: T; readonly embeddings: Embeddings; readonly rows: number };
}

/** The first pass: targets, and embeddings without a tape. Normalization statistics are written by the second pass alone. */
function embedFirst<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<EmbeddingRun<B, T>>,
  { batch, context }: Part<B, T>,
  own: Own,
): NonNullable<Part<B, T>['first']> {
  const targets = own(computeTargets(run, batch, context));
  const snapshot = takeSnapshot(run.buffers);
  try {
    const embeddings = own(ownTensors(() => run.embed(batch, targets, context)));
    return { targets, embeddings, rows: checkRows(task, batch, { embed: embeddings, targets }) };
  } finally {
    snapshot.restore();
    snapshot.dispose();
  }
}

/** The second pass: gradients of the variables, from those of the micro-batch's embeddings. */
function embedAgain<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<EmbeddingRun<B, T>>,
  { batch, context, first }: Part<B, T>,
  cached: ReadonlyMap<string, tf.Tensor>,
): Gradients {
  const { targets, embeddings } = first!;
  const expected = new Map(namedTensors(embeddings));
  const embed = () => {
    const again = namedTensors(run.embed(batch, targets, context));
    for (const [name, { shape }] of again)
      if (!tf.util.arraysEqual(shape, expected.get(name)?.shape ?? []))
        throw new SelfsupError(
          'SELFSUP_STATE',
          `\`embed\` of ${task} must give the same with the same context, \`${name}\` has another shape in the second pass; draw from \`ctx.stream\``,
        );
    return again;
  };
  try {
    const gradients = tf.tidy((): tf.TensorContainer => {
      if (cached.size === 0) {
        embed(); // for the statistics
        return [];
      }
      const product = () =>
        tf.addN(embed().flatMap(([name, tensor]) => (cached.has(name) ? [tf.sum(tf.mul(tensor, cached.get(name)!))] : [])));
      const { grads } = tf.engine().gradients(product, Object.values(learningVariables(run.trainable)), undefined, true);
      return grads;
    }) as readonly (tf.Tensor | null)[];
    return byPath(run.trainable, gradients);
  } catch (error) {
    abandonTape();
    throw error;
  }
}

/** One micro-batch on one rank: embed and loss under one tape. */
function embedOnce<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<EmbeddingRun<B, T>>,
  { batch, context }: Part<B, T>,
  { shared, own }: { shared: StepContext; own: Own },
): UpdateGradients<T> {
  const targets = own(computeTargets(run, batch, context));
  const loss = () => {
    const embeddings = run.embed(batch, targets, context);
    checkRows(task, batch, { embed: embeddings, targets });
    return run.loss(embeddings, targets, shared);
  };
  const part = own(differentiateLoss(task, loss, { by: Object.values(learningVariables(run.trainable)) }));
  const gradients = byPath(run.trainable, part.gradients);
  checkConnected(task, gradients);
  return { ...part, gradients, targets };
}

/**
 * One micro-batch on each of several ranks that can wait for one another under a tape: embed and loss under it, once. All ranks compute the same loss on the rows of
 * all, so that the sum over ranks of the gradients of a rank's rows is as many times what this rank has.
 */
async function embedTogether<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<EmbeddingRun<B, T>>,
  { batch, context }: Part<B, T>,
  { shared, own }: { shared: StepContext; own: Own },
): Promise<UpdateGradients<T>> {
  const { rank, worldSize, ...collective } = shared.collective;
  const mine = own(computeTargets(run, batch, context));
  const targets = own(await gatherSamples(mine, shared.collective));
  const gather = (x: tf.Tensor): tf.Tensor => tf.tidy(() => collective.allGatherSync!(x));
  const loss = () => {
    const embeddings = run.embed(batch, mine, context);
    const rows = checkRows(task, batch, { embed: embeddings, targets: mine });
    // eslint-disable-next-line no-restricted-syntax -- under a tape nothing can be awaited
    const counts = gather(tf.tensor1d([rows], 'int32')).dataSync();
    const start = sumOf([...counts.subarray(0, rank)]);
    const gatherRows = tf.customGrad((x) => ({
      value: gather(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => tf.mul(tf.slice(dy, [start], [rows]), worldSize),
    }));
    return run.loss(gatherTaped(embeddings, gatherRows, gather), targets, shared);
  };
  const part = own(differentiateLoss(task, loss, { by: Object.values(learningVariables(run.trainable)) }));
  const gradients = byPath(run.trainable, part.gradients);
  checkConnected(task, gradients);
  return { ...part, gradients, targets };
}

/** Several micro-batches or ranks: the loss on the rows of all, then its gradients back through each micro-batch. */
async function embedTwice<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<EmbeddingRun<B, T>>,
  parts: Part<B, T>[],
  { shared, own }: { shared: StepContext; own: Own },
): Promise<UpdateGradients<T>> {
  const { collective } = shared;
  const firsts = parts.map(({ first }) => first!);
  const gathered: Batch[][] = [[], []]; // embeddings and targets of each micro-batch, of all ranks
  const starts: number[] = []; // this rank's first row of each
  let before = 0;
  for (const first of firsts) {
    const counts = collective.worldSize > 1 ? await gatherCounts(first.rows, collective) : [first.rows];
    starts.push(before + sumOf(counts.slice(0, collective.rank)));
    before += sumOf(counts);
    gathered[0]!.push(own(await gatherSamples(first.embeddings, collective)));
    gathered[1]!.push(own(await gatherSamples(first.targets, collective)));
  }
  const embeddings = own(concatRecords(task, 'embed', gathered[0] as Embeddings[]));
  const targets = own(concatRecords(task, 'targets', gathered[1] as T[]));
  const named = namedTensors(embeddings);
  const variables = Object.values(learningVariables(run.trainable));
  const whole = own(
    differentiateLoss(task, () => run.loss(embeddings, targets, shared), { by: [...named.map(([, tensor]) => tensor), ...variables] }),
  );
  const direct = byPath(run.trainable, whole.gradients.slice(named.length));
  const received = named.flatMap(([name], i) => (whole.gradients[i] ? [[name, whole.gradients[i]] as const] : []));
  let through: Gradients | undefined;
  for (const [i, part] of parts.entries()) {
    const { rows } = part.first!;
    const cached = new Map(own(received.map(([name, gradient]) => [name, tf.slice(gradient, [starts[i]!], [rows])] as const)));
    const gradients = own(embedAgain({ task, run }, part, cached));
    through = through ? own(addGradients(through, gradients)) : gradients;
    disposeAll([part.batch, [...cached.values()]]);
  }
  // ranks are averaged later: the direct part is the same on each, the parts through the embeddings are to be summed
  const gradients = own(addGradients(direct, own(scaleGradients(through!, collective.worldSize))));
  checkConnected(task, gradients);
  const { summary, metricNames, kept } = whole;
  return { summary, metricNames, kept, gradients, targets };
}

/**
 * Computes the gradients of a task with `embed`: the exact ones of all micro-batches and ranks as one batch, in the memory of one micro-batch. Internal.
 *
 * @throws SelfsupError `SELFSUP_BATCH` when there is no batch, `SELFSUP_SHAPE` when embeddings or targets do not have one row per sample, `SELFSUP_STATE` when
 * no variable gets a gradient, and what `differentiateLoss` throws; then no tensor stays
 * @see Gao et al.: "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", https://arxiv.org/abs/2101.06983
 * @remarks One micro-batch takes one forward pass, on several ranks, too, where they can wait for one another under the tape. More take two: the first without a
 * tape gives the embeddings, whose gradients the loss on all rows then caches; the second with a tape takes them back to the variables. Both draw from the same
 * streams, so that dropout agrees.
 */
export function cacheGradients<B extends Batch, T extends Targets>(
  trained: TaskAtWork<EmbeddingRun<B, T>>,
  batches: MicroBatches<B>,
  contexts: UpdateContexts,
): Promise<UpdateGradients<T>> {
  const { shared } = contexts;
  return tidyAsync(async (own) => {
    const parts: Part<B, T>[] = [];
    for await (const batch of batches) {
      parts.push({ batch: own(ownTensors(() => batch)), context: contexts.at(parts.length) });
      if (parts.length > 1) for (const part of parts) part.first ??= embedFirst(trained, part, own);
    }
    const [only, another] = parts;
    if (!only) throw new SelfsupError('SELFSUP_BATCH', `trainStep: an update of ${trained.task} must have at least one batch, got none`);
    const { collective } = shared;
    if (collective.worldSize === 1)
      return another ? embedTwice(trained, parts, { shared, own }) : embedOnce(trained, only, { shared, own });
    await checkMicroBatches(trained.task, parts.length, collective);
    if (!another && gathersAtOnce(collective)) return embedTogether(trained, only, { shared, own });
    only.first ??= embedFirst(trained, only, own);
    return embedTwice(trained, parts, { shared, own });
  });
}
