import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch } from '@selfsup/core';
import { checkGradients } from './check-gradients.ts';
import type { Subject } from './conformance-options.ts';
import { contextAt, fail, makeStep, targetsOf, withBatch, withRun, type StepRecord } from './drive-task.ts';
import { differentiate, type Differentiated } from './differentiate.ts';
import { onTwoRanks } from './replay-ranks.ts';
import { largest } from './variable-values.ts';

/** The first half of the rows for rank 0, the second for rank 1. Internal. */
export function halveBatch(batch: Batch, rank: number): Batch {
  const half = (x: tf.Tensor, name: string): tf.Tensor => {
    const [rows = 0] = x.shape;
    if (rows === 0 || rows % 2 !== 0)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`${name}\` of the batch must have an even number of rows, got [${x.shape.join(', ')}]; give \`split\``,
      );
    return tf.slice(x, [(rank * rows) / 2], [rows / 2]);
  };
  return Object.fromEntries(
    Object.entries(batch).map(([name, value]) => [
      name,
      value instanceof tf.Tensor ? half(value, name) : (value as readonly tf.Tensor[]).map((x) => half(x, name)),
    ]),
  );
}

/** Throws unless loss and gradients are close; a variable's error counts by its own greatest gradient, or by a hundredth of the greatest of all. */
function expectClose(
  actual: Pick<Differentiated, 'loss' | 'gradients'>,
  expected: typeof actual,
  options: { what: string; tolerance: number },
): void {
  const { what, tolerance } = options;
  if (!(Math.abs(actual.loss - expected.loss) <= tolerance * Math.max(1, Math.abs(expected.loss))))
    fail(`the loss ${what}, got ${actual.loss} and ${expected.loss}`);
  const greatest = Math.max(...Object.values(expected.gradients).map((gradient) => largest(gradient ?? [])));
  for (const path of new Set([...Object.keys(actual.gradients), ...Object.keys(expected.gradients)])) {
    const [a, b] = [actual.gradients[path], expected.gradients[path]];
    if (!a || !b) fail(`the gradient of \`${path}\` ${what}, one side has none`);
    const error = largest(Array.from(a, (x, i) => x - b[i]!));
    const scale = Math.max(largest(b), greatest / 100);
    if (!(error <= tolerance * scale)) fail(`the gradient of \`${path}\` ${what}, they are ${(error / scale).toPrecision(2)} of it apart`);
  }
}

/** 10. Internal. */
export function checkRanks(subject: Subject): void {
  withRun(subject, (run) => {
    withBatch(subject, 0, (batch) => {
      const alone = contextAt(subject, 0);
      const targets = targetsOf(run, batch, alone);
      const whole = differentiate(() => run.loss(batch, targets, alone).loss, run.trainable);
      const halves = [subject.split(batch, 0), subject.split(batch, 1)];
      const parts = onTwoRanks((collective) => targetsOf(run, halves[collective.rank]!, contextAt(subject, 0, { collective })));
      const meanLoss = () => {
        const losses = onTwoRanks(
          (collective) => run.loss(halves[collective.rank]!, parts[collective.rank]!, contextAt(subject, 0, { collective })).loss,
        );
        return tf.mean<tf.Scalar>(tf.stack([...losses])); // the trainer averages over the ranks
      };
      const both = differentiate(meanLoss, run.trainable);
      expectClose(both, whole, { what: 'of two ranks with half a batch each must be that of one with the whole', tolerance: 1e-3 });
    });
  });
}

/** 11. Internal. */
export function checkDifferences(subject: Subject): void {
  withRun(subject, (run) => {
    makeStep(subject, run, { step: 0 }); // away from zeros at the start
    withBatch(subject, 1, (batch) => {
      const context = contextAt(subject, 1);
      const targets = targetsOf(run, batch, context);
      const { gradientSamples: samples, gradientTolerance: tolerance } = subject;
      checkGradients(() => run.loss(batch, targets, context).loss, run.trainable, { samples, tolerance });
    });
  });
}

/** The backends that are registered; tfjs declares no type for its registry. */
const registered = () => Object.keys((tf.engine() as unknown as { registryFactory: Record<string, unknown> }).registryFactory);

async function startBackend(name: string): Promise<boolean> {
  try {
    return await tf.setBackend(name);
  } catch {
    return false;
  }
}

/** 12. Internal. */
export async function checkBackends(subject: Subject): Promise<void> {
  const home = tf.getBackend();
  const records: [string, StepRecord][] = [];
  try {
    for (const name of subject.backends ?? registered()) {
      if (!(await startBackend(name))) {
        if (subject.backends) fail(`the backend ${name} does not start`);
        continue;
      }
      withRun(subject, (run) => {
        const first = makeStep(subject, run, { step: 0 });
        for (let step = 1; step < 3; step++) {
          const { loss } = makeStep(subject, run, { step });
          if (!Number.isFinite(loss)) fail(`the loss on ${name} must be finite, got ${loss} at step ${step}`);
        }
        records.push([name, first]);
      });
    }
  } finally {
    await tf.setBackend(home);
  }
  const [[reference, expected] = fail('no backend starts'), ...others] = records;
  for (const [name, record] of others) expectClose(record, expected, { what: `on ${name} must be that on ${reference}`, tolerance: 1e-2 });
}
