import * as tf from '@tensorflow/tfjs-core';
import type { AnyPretextTaskRun } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { contextAt, createRun, fail, makeStep, runSteps, targetsOf, whereTheyPart, withBatch, withRun } from './drive-task.ts';
import { lossOf } from './loss-of-parts.ts';
import { traceTensors } from './trace-tensors.ts';
import { unsavedVariables } from './unsaved-variables.ts';
import { allVariablesOf, differingPaths, readValues, variablesOf, writeValues, type Values } from './variable-values.ts';

const savedAfter = 3;

/** Each phase of a step twice; says what they wrote and where they differ. */
function evaluateTwice(subject: Subject, run: AnyPretextTaskRun, options: { step: number; training: boolean }) {
  const { step, training } = options;
  const context = contextAt(subject, step, { training });
  return withBatch(subject, step, (batch) => {
    const changedSince = (before: Values) => differingPaths(before, readValues(allVariablesOf(run)));
    const now = () => readValues(allVariablesOf(run));
    const start = now();
    const targets = targetsOf(run, batch, context);
    const writtenByTargets = changedSince(start);
    const otherTargets = differingPaths(readValues(targets), readValues(targetsOf(run, batch, context)));
    const embed = () => tf.tidy(() => readValues(run.embed?.(batch, targets, context) ?? {}));
    const beforeEmbed = now();
    const first = embed();
    const writtenByEmbed = changedSince(beforeEmbed);
    const otherEmbeddings = differingPaths(first, embed());
    const beforeLoss = now();
    const loss = () => tf.tidy(() => lossOf(run, [{ batch, targets, context }], context).loss.dataSync()[0]!);
    const losses = [loss(), loss()];
    return { writtenByTargets, otherTargets, writtenByEmbed, otherEmbeddings, writtenByLoss: changedSince(beforeLoss), losses };
  });
}

/** 5. Internal. */
export function checkPurity(subject: Subject): void {
  withRun(subject, (run) => {
    const forbidden = (paths: readonly string[]) => paths.find((path) => !(path.startsWith('buffers/') && subject.statistics.test(path)));
    for (let step = 0; step < savedAfter; step++) {
      const { losses, ...seen } = evaluateTwice(subject, run, { step, training: true });
      const statistics = 'normalization statistics are named in `statistics`';
      const [byTargets, byEmbed, byLoss] = [seen.writtenByTargets, seen.writtenByEmbed, seen.writtenByLoss].map(forbidden);
      if (byTargets) fail(`\`targets\` writes \`${byTargets}\`: only \`afterStep\` may; ${statistics}`);
      if (seen.otherTargets[0]) fail(`\`targets\` twice with one context must give one value, \`${seen.otherTargets[0]}\` differs`);
      if (byEmbed) fail(`\`embed\` writes \`${byEmbed}\`: only \`afterStep\` may; ${statistics}`);
      if (seen.otherEmbeddings[0])
        fail(
          `\`embed\` twice with one context must give one value, \`${seen.otherEmbeddings[0]}\` differs; draw from \`ctx.stream\`, by name`,
        );
      if (byLoss) fail(`\`loss\` writes \`${byLoss}\`: only \`afterStep\` may; ${statistics}`);
      if (!Object.is(losses[0], losses[1]))
        fail(`\`loss\` twice with one context must give one value, got ${losses.join(' and ')}; draw from \`ctx.stream\`, by name`);
      makeStep(subject, run, { step });
    }
  });
}

/** 6. Internal. */
export function checkSeeds(subject: Subject): void {
  const batch = () => withBatch(subject, 0, readValues);
  const [changing] = differingPaths(batch(), batch());
  if (changing) fail(`\`batchAt\` must give the same values for the same step, \`${changing}\` differs`);
  const trajectory = (seed: number) => withRun(subject, (run) => runSteps(subject, run, { seed }), seed);
  const first = trajectory(0);
  const parted = whereTheyPart(first, trajectory(0));
  if (parted) fail(`two runs of one seed must be the same, ${parted}; draw from \`ctx.rng\` in \`create\` and \`ctx.stream\` elsewhere`);
  if (!whereTheyPart(first, trajectory(1)))
    fail(
      'runs of two seeds must differ, all losses and variables are the same; draw from `ctx.rng` in `create` and `ctx.stream` elsewhere',
    );
}

/** 7. Internal. */
export function checkResume(subject: Subject): void {
  const { saved, whole } = withRun(subject, (run) => {
    const values = runSteps(subject, run, { to: savedAfter }).values.at(-1)!;
    return { saved: values, whole: runSteps(subject, run, { from: savedAfter }) };
  });
  const resumed = withRun(subject, (run) => {
    writeValues(saved, variablesOf(run));
    return runSteps(subject, run, { from: savedAfter });
  });
  const parted = whereTheyPart(whole, resumed, savedAfter);
  if (!parted) return;
  const unsaved = unsavedVariables(subject);
  fail(
    `a run restored after step ${savedAfter} must go on as the one that was not, ${parted}; is all state in \`trainable\` and \`buffers\`?${unsaved && ` Variables that \`create\` makes and that are in neither: ${unsaved}`}`,
  );
}

/** 8. Internal. */
export function checkMemory(subject: Subject): void {
  tf.tidy(() => {
    const trace = traceTensors();
    try {
      const before = tf.memory().numTensors;
      const run = createRun(subject);
      try {
        makeStep(subject, run, { step: 0 });
        for (let step = 1; step < subject.steps; step++) {
          const [settled, mark] = [tf.memory().numTensors, trace.mark()];
          makeStep(subject, run, { step });
          const grown = tf.memory().numTensors - settled;
          if (grown !== 0) fail(`a step must leave as many tensors as it found, ${grown} more after step ${step}: ${trace.alive(mark)}`);
        }
      } finally {
        run.dispose();
      }
      const left = tf.memory().numTensors - before;
      if (left !== 0) fail(`\`dispose\` must dispose everything that \`create\` made, ${left} tensors are left: ${trace.alive()}`);
    } finally {
      trace.stop();
    }
  });
}

/** 9. Internal. */
export function checkEvaluation(subject: Subject): void {
  const plain = withRun(subject, (run) => runSteps(subject, run));
  const watched = withRun(subject, (run) =>
    runSteps(subject, run, {
      between: (step) => {
        const { writtenByTargets, writtenByEmbed, writtenByLoss } = evaluateTwice(subject, run, { step, training: false });
        const [path] = [...writtenByTargets, ...writtenByEmbed, ...writtenByLoss];
        if (path) fail(`with \`training: false\` nothing may be written, \`${path}\` is`);
      },
    }),
  );
  const parted = whereTheyPart(plain, watched);
  if (parted) fail(`an evaluation between the steps must change nothing, ${parted}`);
}

/** 15. Internal. */
export function checkFrozen(subject: Subject): void {
  const frozenOf = (run: AnyPretextTaskRun) => readValues(run.frozen ?? {});
  const first = withRun(subject, (run) => {
    const start = frozenOf(run);
    for (let step = 0; step < subject.steps; step++) {
      makeStep(subject, run, { step });
      const [path] = differingPaths(start, frozenOf(run));
      if (path) fail(`what is in \`frozen\` must never change, \`${path}\` does in step ${step}; what changes belongs in \`buffers\``);
    }
    return start;
  });
  const [path] = differingPaths(first, withRun(subject, frozenOf));
  if (path)
    fail(`\`frozen\` must hold the same in each run, since a checkpoint holds its hash only, \`${path}\` has other values in a second run`);
}
