import * as tf from '@tensorflow/tfjs-core';
import { namedTensors, type AnyPretextTaskRun, type Batch, type VariableMap } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { differentiate } from './differentiate.ts';
import { contextAt, fail, makeStep, targetsOf, withBatch, withRun } from './drive-task.ts';
import { lossOf } from './loss-of-parts.ts';
import { unsavedVariables } from './unsaved-variables.ts';
import { allVariablesOf, largest, readNumber, readValues, sameBytes, variablesOf } from './variable-values.ts';

/** 1. Internal. */
export function checkName({ task }: Subject): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(task.name)) fail(`\`task.name\` must be kebab-case, such as my-task, got "${task.name}"`);
  if ((task.api as number) !== 1) fail(`\`task.api\` must be 1, the contract that this kit knows, got ${String(task.api)}`);
}

/** 2. Internal. */
export async function checkVariables(subject: Subject): Promise<void> {
  await withRun(subject, (run) => {
    if (Object.keys(run.trainable).length === 0) fail('`trainable` must hold at least one variable, got none');
    const paths = new Map<tf.Variable, string>();
    for (const [path, variable] of Object.entries(allVariablesOf(run))) {
      if (!((variable as unknown) instanceof tf.Variable)) fail(`\`${path}\` must be a tf.Variable`);
      const first = paths.get(variable);
      if (first !== undefined) fail(`a variable must have one path, this one has \`${first}\` and \`${path}\``);
      if (path.startsWith('trainable/') && variable.dtype !== 'float32') fail(`\`${path}\` must be float32, got ${variable.dtype}`);
      paths.set(variable, path);
    }
    const encoders = Object.entries((run.encoders as typeof run.encoders | undefined) ?? {});
    if (encoders.length === 0) fail('`encoders` must hold at least one encoder, got none: it is what is kept after pretraining');
    for (const [name, encoder] of encoders)
      for (const [path, variable] of Object.entries(variablesOf(encoder)))
        if (!paths.has(variable))
          fail(
            `\`${path}\` of the encoder \`${name}\` must be in \`trainable\`, \`buffers\` or \`frozen\` of the run: what is in none is not saved`,
          );
  });
  const unsaved = await unsavedVariables(subject, { onlyTrainable: true }); // constants, such as fixed positions, need not be saved
  if (unsaved)
    fail(
      `the variables that \`create\` makes must be in \`trainable\`, \`buffers\` or \`frozen\`; these are in none, so they are neither trained nor saved: ${unsaved}; a constant is no trainable variable`,
    );
}

async function checkScalar(what: string, value: tf.Tensor): Promise<void> {
  if (!((value as unknown) instanceof tf.Tensor)) fail(`${what} must be a scalar tensor, got ${typeof value}`);
  if (value.rank !== 0 || value.dtype !== 'float32')
    fail(`${what} must be a float32 scalar, got ${value.dtype} of shape [${value.shape.join(', ')}]`);
  const number = await readNumber(value);
  if (!Number.isFinite(number)) fail(`${what} must be finite, got ${number}`);
}

/** Rows of micro-batches and ranks are put under each other for `afterStep`. */
function checkRanks(what: string, record: Batch): void {
  for (const [name, { rank }] of namedTensors(record))
    if (rank === 0)
      fail(
        `\`${name}\` of \`${what}\` must have rank >= 1, since \`afterStep\` gets the rows of all micro-batches and ranks, got a scalar`,
      );
}

/** 3. Internal. */
export async function checkLoss(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    for (let step = 0; step < subject.steps; step++) {
      await withBatch(subject, step, async (batch) => {
        const context = contextAt(subject, step);
        const targets = targetsOf(run, batch, context);
        const { loss, metrics = {}, keep = {} } = lossOf(run, [{ batch, targets, context }], context);
        await checkScalar(`the loss at step ${step}`, loss);
        for (const [name, metric] of Object.entries(metrics)) await checkScalar(`the metric \`${name}\` at step ${step}`, metric);
        if (!run.afterStep || run.embed) return;
        checkRanks('targets', targets);
        checkRanks('keep', keep);
      });
      await makeStep(subject, run, { step });
    }
  });
}

/** The first of the teacher's variables that the loss of a step depends on, differentiably. */
function reachedBuffer(subject: Subject, at: { run: AnyPretextTaskRun; teacher: VariableMap; step: number }): Promise<string | undefined> {
  const { run, teacher, step } = at;
  return withBatch(subject, step, async (batch) => {
    const context = contextAt(subject, step);
    const targets = targetsOf(run, batch, context);
    const { gradients } = await differentiate(() => lossOf(run, [{ batch, targets, context }], context).loss, teacher);
    return Object.keys(gradients).find((path) => largest(gradients[path]!) > 0);
  });
}

/** 4. Internal. */
export async function checkGradientsArrive(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    const [trainable, buffers] = [await readValues(run.trainable), await readValues(run.buffers)];
    // a buffer that starts as the exact copy of a trained variable belongs to a teacher
    const teacher = Object.fromEntries(
      Object.entries(run.buffers).filter(([path]) => {
        const values = buffers[path]!;
        return values.some((x) => x !== values[0]) && Object.values(trainable).some((online) => sameBytes(online, values));
      }),
    );
    const waiting = new Set(Object.keys(run.trainable));
    for (let step = 0; step < subject.steps; step++) {
      if (Object.keys(teacher).length > 0) {
        const reached = await reachedBuffer(subject, { run, teacher, step });
        if (reached) fail(`a gradient reaches the teacher's \`${reached}\`: compute its outputs in \`targets\`, without a tape`);
      }
      const { gradients, writtenAfter } = await makeStep(subject, run, { step });
      for (const [path, gradient] of Object.entries(gradients)) {
        const most = largest(gradient);
        if (!Number.isFinite(most)) fail(`the gradient of \`${path}\` at step ${step} is not finite`);
        if (most > 0) waiting.delete(path);
      }
      const written = writtenAfter.find((path) => !subject.afterStepWrites.includes(path));
      if (written !== undefined)
        fail(
          `\`afterStep\` writes \`${written}\`, which is trainable: a teacher belongs in \`buffers\`; name the variable in \`afterStepWrites\` if this is meant`,
        );
    }
    if (waiting.size > 0)
      fail(
        `every trainable variable must get a gradient within ${subject.steps} steps, ${[...waiting].map((path) => `\`${path}\``).join(', ')} got none; what is not trained belongs in \`buffers\``,
      );
  });
}
