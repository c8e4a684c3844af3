import * as tf from '@tensorflow/tfjs-core';
import type { AnyPretextTaskRun, Batch } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { contextAt, createRun, fail, makeStep, runSteps, targetsOf, tidyAsync, whereTheyPart, withBatch, withRun } from './drive-task.ts';
import { lossOf } from './loss-of-parts.ts';
import { traceTensors } from './trace-tensors.ts';
import { unsavedVariables } from './unsaved-variables.ts';
import { allVariablesOf, differingPaths, readNumber, readValues, variablesOf, writeValues, type Values } from './variable-values.ts';

const savedAfter = 3;

/** Each phase of a step twice; says what they wrote and where they differ. */
function evaluateTwice(subject: Subject, run: AnyPretextTaskRun, options: { step: number; training: boolean }) {
  const { step, training } = options;
  const context = contextAt(subject, step, { training });
  return withBatch(subject, step, async (batch) => {
    const changedSince = async (before: Values) => differingPaths(before, await now());
    const now = () => readValues(allVariablesOf(run));
    const start = await now();
    const targets = targetsOf(run, batch, context);
    const writtenByTargets = await changedSince(start);
    const otherTargets = differingPaths(await readValues(targets), await readValues(targetsOf(run, batch, context)));
    const embed = () => readValues(tf.tidy(() => ({ ...run.embed?.(batch, targets, context) }) as tf.TensorContainer) as Batch);
    const beforeEmbed = await now();
    const first = await embed();
    const writtenByEmbed = await changedSince(beforeEmbed);
    const otherEmbeddings = differingPaths(first, await embed());
    const beforeLoss = await now();
    const loss = () => readNumber(tf.tidy(() => lossOf(run, [{ batch, targets, context }], context).loss));
    const losses = [await loss(), await loss()];
    return { writtenByTargets, otherTargets, writtenByEmbed, otherEmbeddings, writtenByLoss: await changedSince(beforeLoss), losses };
  });
}

/** 5. Internal. */
export async function checkPurity(subject: Subject): Promise<void> {
  await withRun(subject, async (run) => {
    const forbidden = (paths: readonly string[]) => paths.find((path) => !(path.startsWith('buffers/') && subject.statistics.test(path)));
    for (let step = 0; step < savedAfter; step++) {
      const { losses, ...seen } = await evaluateTwice(subject, run, { step, training: true });
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
      await makeStep(subject, run, { step });
    }
  });
}

/** 6. Internal. */
export async function checkSeeds(subject: Subject): Promise<void> {
  const batch = () => withBatch(subject, 0, readValues);
  const [changing] = differingPaths(await batch(), await batch());
  if (changing) fail(`\`batchAt\` must give the same values for the same step, \`${changing}\` differs`);
  const trajectory = (seed: number) => withRun(subject, (run) => runSteps(subject, run, { seed }), seed);
  const first = await trajectory(0);
  const parted = whereTheyPart(first, await trajectory(0));
  if (parted) fail(`two runs of one seed must be the same, ${parted}; draw from \`ctx.rng\` in \`create\` and \`ctx.stream\` elsewhere`);
  if (!whereTheyPart(first, await trajectory(1)))
    fail(
      'runs of two seeds must differ, all losses and variables are the same; draw from `ctx.rng` in `create` and `ctx.stream` elsewhere',
    );
}

/** 7. Internal. */
export async function checkResume(subject: Subject): Promise<void> {
  const { saved, whole } = await withRun(subject, async (run) => {
    const { values } = await runSteps(subject, run, { to: savedAfter });
    return { saved: values.at(-1)!, whole: await runSteps(subject, run, { from: savedAfter }) };
  });
  const resumed = await withRun(subject, (run) => {
    writeValues(saved, variablesOf(run));
    return runSteps(subject, run, { from: savedAfter });
  });
  const parted = whereTheyPart(whole, resumed, savedAfter);
  if (!parted) return;
  const unsaved = await unsavedVariables(subject);
  fail(
    `a run restored after step ${savedAfter} must go on as the one that was not, ${parted}; is all state in \`trainable\` and \`buffers\`?${unsaved && ` Variables that \`create\` makes and that are in neither: ${unsaved}`}`,
  );
}

/** 8. Internal. */
export async function checkMemory(subject: Subject): Promise<void> {
  await tidyAsync(async () => {
    const trace = traceTensors();
    try {
      const before = tf.memory().numTensors;
      const run = createRun(subject);
      try {
        await makeStep(subject, run, { step: 0 });
        for (let step = 1; step < subject.steps; step++) {
          const [settled, mark] = [tf.memory().numTensors, trace.mark()];
          await makeStep(subject, run, { step });
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
export async function checkEvaluation(subject: Subject): Promise<void> {
  const plain = await withRun(subject, (run) => runSteps(subject, run));
  const watched = await withRun(subject, (run) =>
    runSteps(subject, run, {
      between: async (step) => {
        const { writtenByTargets, writtenByEmbed, writtenByLoss } = await evaluateTwice(subject, run, { step, training: false });
        const [path] = [...writtenByTargets, ...writtenByEmbed, ...writtenByLoss];
        if (path) fail(`with \`training: false\` nothing may be written, \`${path}\` is`);
      },
    }),
  );
  const parted = whereTheyPart(plain, watched);
  if (parted) fail(`an evaluation between the steps must change nothing, ${parted}`);
}

/** 15. Internal. */
export async function checkFrozen(subject: Subject): Promise<void> {
  const frozenOf = (run: AnyPretextTaskRun) => readValues(run.frozen ?? {});
  const first = await withRun(subject, async (run) => {
    const start = await frozenOf(run);
    for (let step = 0; step < subject.steps; step++) {
      await makeStep(subject, run, { step });
      const [path] = differingPaths(start, await frozenOf(run));
      if (path) fail(`what is in \`frozen\` must never change, \`${path}\` does in step ${step}; what changes belongs in \`buffers\``);
    }
    return start;
  });
  const [path] = differingPaths(first, await withRun(subject, frozenOf));
  if (path)
    fail(`\`frozen\` must hold the same in each run, since a checkpoint holds its hash only, \`${path}\` has other values in a second run`);
}
