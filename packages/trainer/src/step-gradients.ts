import * as tf from '@tensorflow/tfjs-core';
import {
  abandonTape,
  SelfsupError,
  type Batch,
  type Gradients,
  type LossResult,
  type PretextTaskRun,
  type StepContext,
  type Targets,
} from '@selfsup/core';

/** What one forward and backward pass leaves alive; the caller disposes it. Internal. */
export interface StepGradients {
  /** By path of `trainable`; null where the loss does not depend on the variable. */
  readonly gradients: Gradients;
  /** `[1 + metrics]`: the loss and the metrics, so that reading them takes one transfer. */
  readonly summary: tf.Tensor1D;
  /** The metrics' names, in the order of `summary`. */
  readonly metricNames: readonly string[];
}

function checkScalar(what: string, value: tf.Tensor): void {
  if (!((value as unknown) instanceof tf.Tensor))
    throw new SelfsupError('SELFSUP_SHAPE', `${what} must be a scalar tensor, got ${typeof value}`);
  if (value.rank !== 0) throw new SelfsupError('SELFSUP_SHAPE', `${what} must be a scalar tensor, got shape [${value.shape.join(', ')}]`);
  if (value.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${what} must be float32, got ${value.dtype}`);
}

function summarize(task: string, { loss, metrics = {} }: LossResult): { summary: tf.Tensor1D; metricNames: string[] } {
  checkScalar(`the loss of ${task}`, loss);
  for (const [name, metric] of Object.entries(metrics)) checkScalar(`the metric \`${name}\` of ${task}`, metric);
  const summary = tf.stack([loss, ...Object.values(metrics)]) as tf.Tensor1D; // [1 + metrics]
  return { summary, metricNames: Object.keys(metrics) };
}

/**
 * Runs the loss under a tape and differentiates it by the variables of `run.trainable`. Internal.
 *
 * @throws SelfsupError `SELFSUP_SHAPE` or `SELFSUP_DTYPE` when the loss or a metric is no float32 scalar, `SELFSUP_STATE` when no variable gets a
 * gradient; whatever is thrown in either pass, no tensor and no tape stays behind
 */
export function computeGradients<B extends Batch, T extends Targets>(
  task: string,
  run: PretextTaskRun<B, T>,
  step: { batch: B; targets: T; context: StepContext },
): StepGradients {
  const { batch, targets, context } = step;
  const paths = Object.keys(run.trainable);
  let kept: { summary: tf.Tensor1D; metricNames: string[] } | undefined;
  try {
    return tf.tidy(() => {
      // by position: variables of one name in two networks, or named by a user, do no harm
      const { grads } = tf.engine().gradients(
        () => {
          const result = run.loss(batch, targets, context);
          kept = summarize(task, result);
          tf.keep(kept.summary); // the engine disposes all of the forward pass but the loss
          return result.loss;
        },
        Object.values(run.trainable),
        undefined,
        true,
      );
      const gradients = Object.fromEntries(paths.map((path, i) => [path, grads[i] ?? null] as const));
      if (Object.values(gradients).every((gradient) => gradient === null))
        throw new SelfsupError(
          'SELFSUP_STATE',
          `the loss of ${task} depends on none of its ${paths.length} trainable variables; is \`loss\` computed from their networks?`,
        );
      return { gradients, ...kept! } as unknown as tf.TensorContainer;
    }) as unknown as StepGradients;
  } catch (error) {
    kept?.summary.dispose();
    abandonTape();
    throw error;
  }
}
