import * as tf from '@tensorflow/tfjs-core';
import { mapTensors, SelfsupError, type AnyPretextTaskRun, type Batch, type Collective } from '@selfsup/core';
import { checkGradients } from './check-gradients.ts';
import type { Subject } from './conformance-options.ts';
import { contextAt, fail, makeStep, targetsOf, withBatch, withRun, type StepRecord } from './drive-task.ts';
import { differentiate, type Differentiated } from './differentiate.ts';
import { joinRows, lossOf, meanLoss, type Part } from './loss-of-parts.ts';
import { onTwoRanks } from './replay-ranks.ts';
import { largest, readValues } from './variable-values.ts';

/** The first half of the rows for part 0, the second for part 1. Internal. */
export function halveBatch(batch: Batch, part: number): Batch {
  return mapTensors(batch, (x, name) => {
    const [rows = 0] = x.shape;
    if (rows === 0 || rows % 2 !== 0)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`${name}\` of the batch must have an even number of rows, got [${x.shape.join(', ')}]; give \`split\``,
      );
    return tf.slice(x, [(part * rows) / 2], [rows / 2]);
  });
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

/** What both ranks compute together: with `embed` the loss of all rows, otherwise the mean of theirs, by their weights. */
function lossOfRanks(run: AnyPretextTaskRun, partOf: (collective: Collective) => Part, shared: Part['context']): tf.Scalar {
  if (!run.embed)
    return meanLoss(
      onTwoRanks((collective) => {
        const { batch, targets, context } = partOf(collective);
        return run.loss(batch, targets, context);
      }),
    );
  const heard = onTwoRanks((collective) => {
    const { batch, targets, context } = partOf(collective);
    return { embeddings: run.embed(batch, targets, context), targets };
  });
  return run.loss(joinRows(heard.map(({ embeddings }) => embeddings)), joinRows(heard.map(({ targets }) => targets)), shared).loss;
}

/** 10. Internal. */
export async function checkRanks(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    await withBatch(subject, 0, async (batch) => {
      const alone = contextAt(subject, 0);
      const targets = targetsOf(run, batch, alone);
      const whole = await differentiate(() => lossOf(run, [{ batch, targets, context: alone }], alone).loss, run.trainable);
      const halves = [subject.split(batch, 0), subject.split(batch, 1)];
      const contextOf = (collective: Collective) => contextAt(subject, 0, { collective });
      const targetsOfRanks = onTwoRanks((collective) => targetsOf(run, halves[collective.rank]!, contextOf(collective)));
      const partOf = (collective: Collective): Part => ({
        batch: halves[collective.rank]!,
        targets: targetsOfRanks[collective.rank]!,
        context: contextOf(collective),
      });
      const both = await differentiate(() => lossOfRanks(run, partOf, alone), run.trainable);
      expectClose(both, whole, { what: 'of two ranks with half a batch each must be that of one with the whole', tolerance: 1e-3 });
    });
  });
}

/** 11. Internal. */
export async function checkDifferences(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    await makeStep(subject, run, { step: 0 }); // away from zeros at the start
    await withBatch(subject, 1, async (batch) => {
      const context = contextAt(subject, 1);
      const targets = targetsOf(run, batch, context);
      const { gradientSamples: samples, gradientTolerance: tolerance } = subject;
      await checkGradients(() => lossOf(run, [{ batch, targets, context }], context).loss, run.trainable, { samples, tolerance });
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
      await withRun(subject, async (run) => {
        const first = await makeStep(subject, run, { step: 0 });
        for (let step = 1; step < 3; step++) {
          const { loss } = await makeStep(subject, run, { step });
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

/** 14. Internal. */
export async function checkAccumulation(subject: Subject): Promise<void> {
  const step = (halves: boolean) =>
    withRun(subject, async (run) => {
      await makeStep(subject, run, { step: 0 }); // away from zeros at the start
      const record = await makeStep(subject, run, { step: 1, halves });
      return { ...record, embeds: run.embed !== undefined, buffers: await readValues(run.buffers) };
    });
  const whole = await step(false);
  const halves = await step(true);
  expectClose(halves, whole, { what: 'of two micro-batches must be that of one batch with the rows of both', tolerance: 1e-3 });
  if (!whole.embeds) return; // rows of `keep` and `targets` may have any order
  for (const [path, expected] of Object.entries(whole.buffers)) {
    if (subject.statistics.test(path)) continue;
    const error = largest(Array.from(expected, (x, i) => x - halves.buffers[path]![i]!));
    if (!(error <= 1e-3 * Math.max(1e-3, largest(expected))))
      fail(
        `\`${path}\` after two micro-batches must be that after one batch with the rows of both, ${error} apart; does \`afterStep\` use \`targets\` and \`kept\` row by row?`,
      );
  }
}
