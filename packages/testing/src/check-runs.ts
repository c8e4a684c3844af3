import * as tf from '@tensorflow/tfjs-core';
import type { PretextTaskRun } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { contextAt, createRun, fail, makeStep, runSteps, targetsOf, whereTheyPart, withBatch, withRun } from './drive-task.ts';
import { differingPaths, readValues, variablesOf, writeValues, type Values } from './variable-values.ts';

const savedAfter = 3;

/** Targets and loss of a step twice; says what they wrote and gave. */
function evaluateTwice(subject: Subject, run: PretextTaskRun, options: { step: number; training: boolean }) {
  const { step, training } = options;
  const context = contextAt(subject, step, { training });
  return withBatch(subject, step, (batch) => {
    const changedSince = (before: Values) => differingPaths(before, readValues(variablesOf(run)));
    const start = readValues(variablesOf(run));
    const targets = targetsOf(run, batch, context);
    const writtenByTargets = changedSince(start);
    const otherTargets = differingPaths(readValues(targets), readValues(targetsOf(run, batch, context)));
    const middle = readValues(variablesOf(run));
    const lossOf = () => tf.tidy(() => run.loss(batch, targets, context).loss.dataSync()[0]!);
    const losses = [lossOf(), lossOf()];
    return { writtenByTargets, otherTargets, writtenByLoss: changedSince(middle), losses };
  });
}

/** 5. Internal. */
export function checkPurity(subject: Subject): void {
  withRun(subject, (run) => {
    const forbidden = (paths: readonly string[]) => paths.find((path) => !(path.startsWith('buffers/') && subject.statistics.test(path)));
    for (let step = 0; step < savedAfter; step++) {
      const { writtenByTargets, otherTargets, writtenByLoss, losses } = evaluateTwice(subject, run, { step, training: true });
      const [byTargets, byLoss] = [forbidden(writtenByTargets), forbidden(writtenByLoss)];
      if (byTargets) fail(`\`targets\` writes \`${byTargets}\`: only \`afterStep\` may`);
      if (otherTargets[0]) fail(`\`targets\` twice with one context must give one value, \`${otherTargets[0]}\` differs`);
      if (byLoss) fail(`\`loss\` writes \`${byLoss}\`: only \`afterStep\` may; normalization statistics are named in \`statistics\``);
      if (!Object.is(losses[0], losses[1])) fail(`\`loss\` twice with one context must give one value, got ${losses.join(' and ')}`);
      makeStep(subject, run, { step });
    }
  });
}

/** 6. Internal. */
export function checkSeeds(subject: Subject): void {
  const batch = () =>
    withBatch(subject, 0, (made) => readValues(Object.fromEntries((Object.values(made).flat() as tf.Tensor[]).entries())));
  if (differingPaths(batch(), batch()).length > 0) fail('`batchAt` must give the same values for the same step');
  const trajectory = (seed: number) => withRun(subject, (run) => runSteps(subject, run, { seed }), seed);
  const first = trajectory(0);
  const parted = whereTheyPart(first, trajectory(0));
  if (parted) fail(`two runs of one seed must be the same, ${parted}; draw from \`ctx.rng\` alone`);
  if (!whereTheyPart(first, trajectory(1)))
    fail('runs of two seeds must differ, all losses and variables are the same; draw from `ctx.rng`');
}

/** 7. Internal. */
export function checkResume(subject: Subject): void {
  const { saved, whole } = withRun(subject, (run) => {
    const { values } = runSteps(subject, run, { to: savedAfter });
    return { saved: values, whole: runSteps(subject, run, { from: savedAfter }) };
  });
  const resumed = withRun(subject, (run) => {
    writeValues(saved, variablesOf(run));
    return runSteps(subject, run, { from: savedAfter });
  });
  const parted = whereTheyPart(whole, resumed, savedAfter);
  if (parted)
    fail(
      `a run restored after step ${savedAfter} must go on as the one that was not, ${parted}; is all state in \`trainable\` and \`buffers\`?`,
    );
}

/** 8. Internal. */
export function checkMemory(subject: Subject): void {
  tf.tidy(() => {
    const before = tf.memory().numTensors;
    const run = createRun(subject);
    try {
      makeStep(subject, run, { step: 0 });
      const settled = tf.memory().numTensors;
      for (let step = 1; step < subject.steps; step++) {
        makeStep(subject, run, { step });
        const grown = tf.memory().numTensors - settled;
        if (grown !== 0) fail(`a step must leave as many tensors as it found, ${grown} more after step ${step}`);
      }
    } finally {
      run.dispose();
    }
    const left = tf.memory().numTensors - before;
    if (left !== 0) fail(`\`dispose\` must dispose everything that \`create\` made, ${left} tensors are left`);
  });
}

/** 9. Internal. */
export function checkEvaluation(subject: Subject): void {
  const plain = withRun(subject, (run) => runSteps(subject, run));
  const watched = withRun(subject, (run) =>
    runSteps(subject, run, {
      between: (step) => {
        const { writtenByTargets, writtenByLoss } = evaluateTwice(subject, run, { step, training: false });
        const [path] = [...writtenByTargets, ...writtenByLoss];
        if (path) fail(`with \`training: false\` nothing may be written, \`${path}\` is`);
      },
    }),
  );
  const parted = whereTheyPart(plain, watched);
  if (parted) fail(`an evaluation between the steps must change nothing, ${parted}`);
}
