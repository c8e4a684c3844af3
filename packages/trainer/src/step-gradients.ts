import * as tf from '@tensorflow/tfjs-core';
import { abandonTape, mapTensors, SelfsupError, type Gradients, type Kept, type LossResult, type VariableMap } from '@selfsup/core';
import { disposeTensors } from './tensor-record.ts';

/** What is divided by instead of a weight of 0: where all weights are 0, loss and gradients are 0, too. Internal. */
export const LEAST_WEIGHT = 1e-30;

/** The loss and the metrics of a forward pass, so that reading them takes one transfer. Internal. */
export interface Summary {
  /** `[1 + metrics]`. */
  readonly summary: tf.Tensor1D;
  /** The metrics' names, in the order of `summary`. */
  readonly metricNames: readonly string[];
  /** How much it counts beside others; undefined: as much as each. */
  readonly weight?: tf.Scalar | undefined;
}

/** What one forward and backward pass leaves alive; the caller disposes it. Internal. */
export interface DifferentiatedLoss extends Summary {
  /** In the order of what was differentiated by; null where the loss does not depend on it. */
  readonly gradients: readonly (tf.Tensor | null)[];
  /** What the loss named to outlive its tape. */
  readonly kept: Kept;
}

/** What an update needs, by path of `trainable`. Internal. */
export interface StepGradients extends Summary {
  /** Null where the loss does not depend on the variable. */
  readonly gradients: Gradients;
}

function checkScalar(what: string, value: tf.Tensor): void {
  if (!((value as unknown) instanceof tf.Tensor))
    throw new SelfsupError('SELFSUP_SHAPE', `${what} must be a scalar tensor, got ${typeof value}`);
  if (value.rank !== 0) throw new SelfsupError('SELFSUP_SHAPE', `${what} must be a scalar tensor, got shape [${value.shape.join(', ')}]`);
  if (value.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${what} must be float32, got ${value.dtype}`);
}

function summarize(task: string, { loss, metrics = {}, weight }: LossResult): Summary {
  checkScalar(`the loss of ${task}`, loss);
  if (weight) checkScalar(`the weight of the loss of ${task}`, weight);
  for (const [name, metric] of Object.entries(metrics)) checkScalar(`the metric \`${name}\` of ${task}`, metric);
  const summary = tf.stack([loss, ...Object.values(metrics)]) as tf.Tensor1D; // [1 + metrics]
  return { summary, metricNames: Object.keys(metrics), ...(weight && { weight: tf.clone(weight) }) };
}

/**
 * Runs a loss under a tape and differentiates it. Internal.
 *
 * @param by variables, or tensors that the loss is computed from
 * @param options `weighed`: the gradients are those of the loss times its weight; default false
 * @throws SelfsupError `SELFSUP_SHAPE` or `SELFSUP_DTYPE` when the loss or a metric is not a float32 scalar; whatever is thrown in either pass, no tensor and
 * no tape stays behind
 */
export function differentiateLoss(
  task: string,
  loss: () => LossResult,
  { by, weighed = false }: { by: readonly tf.Tensor[]; weighed?: boolean },
): DifferentiatedLoss {
  let summary: Summary | undefined;
  let kept: Kept | undefined;
  try {
    return tf.tidy(() => {
      // by position: variables of one name in two networks, or named by a user, do no harm
      const { grads } = tf.engine().gradients(
        () => {
          const result = loss();
          summary = summarize(task, result);
          tf.keep(summary.summary); // the engine disposes all of the forward pass but the loss
          if (summary.weight) tf.keep(summary.weight);
          kept = mapTensors(result.keep ?? {}, (tensor) => tf.keep(tf.clone(tensor)));
          return weighed && result.weight ? tf.mul<tf.Scalar>(result.loss, result.weight) : result.loss;
        },
        by as tf.Tensor[],
        undefined,
        true,
      );
      return { gradients: by.map((_, i) => grads[i] ?? null), kept, ...summary! } as unknown as tf.TensorContainer;
    }) as unknown as DifferentiatedLoss;
  } catch (error) {
    summary?.summary.dispose();
    summary?.weight?.dispose();
    disposeTensors(kept);
    abandonTape();
    throw error;
  }
}

/** Gives gradients in the order of the variables that learn their paths; the others have null. Internal. */
export function byPath(variables: VariableMap, gradients: readonly (tf.Tensor | null | undefined)[]): Gradients {
  let next = 0;
  return Object.fromEntries(
    Object.entries(variables).map(([path, { trainable }]) => [path, trainable ? (gradients[next++] ?? null) : null] as const),
  );
}

/** Throws unless one of the variables has a gradient. Internal. */
export function checkConnected(task: string, gradients: Gradients): void {
  if (Object.values(gradients).every((gradient) => gradient === null))
    throw new SelfsupError(
      'SELFSUP_STATE',
      `the loss of ${task} depends on none of its ${Object.keys(gradients).length} trainable variables; is \`loss\` computed from their networks?`,
    );
}

/** Adds gradients by path and disposes both; a variable may have one in one of them only. Internal. */
export function addGradients(sum: Gradients, next: Gradients): Gradients {
  const added: Gradients = {};
  for (const path of Object.keys(sum)) {
    const [a, b] = [sum[path] ?? null, next[path] ?? null];
    added[path] = a && b ? tf.add(a, b) : (a ?? b);
    if (a && b) tf.dispose([a, b]);
  }
  return added;
}

/** Multiplies gradients and disposes what it was given. Internal. */
export function scaleGradients(gradients: Gradients, factor: number | tf.Scalar): Gradients {
  if (factor === 1) return gradients;
  const scaled: Gradients = {};
  for (const [path, gradient] of Object.entries(gradients)) {
    scaled[path] = gradient && tf.tidy(() => tf.mul(gradient, factor));
    gradient?.dispose();
  }
  return scaled;
}
