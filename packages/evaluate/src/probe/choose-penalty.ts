import { nextTurn } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from '../accuracy.ts';
import { foldsOf, MANY_ROWS, NUM_FOLDS } from './folds-of.ts';
import { classify, oneHotRows, solveLogistic, type LogisticModel, type LogisticProblem } from './logistic-problem.ts';

/** Penalties that are tried, as parts of the sum of the columns' variances, from the strongest: ten over four decades and a half. */
const PARTS = Array.from({ length: 10 }, (_, i) => 10 ** (-2.5 - i / 2));
/** How exactly each penalty's classifier is found: a small penalty tells itself from none in the last steps. */
const EXACTLY = { maxIterations: 300, tolerance: 1e-5 };
const ROUGHLY = { maxIterations: 100, tolerance: 1e-4 };

const takeRows = (x: tf.Tensor2D, rows: readonly number[]): tf.Tensor2D => tf.tidy(() => tf.gather(x, tf.tensor1d([...rows], 'int32')));

/**
 * The penalty with the best mean accuracy on rows left out, the strongest among equals. Internal.
 *
 * @param problem see {@link LogisticProblem}
 * @param labels of its rows
 * @param variance the sum of the variances of its columns
 */
export async function choosePenalty(problem: LogisticProblem, labels: ArrayLike<number>, variance: number): Promise<number> {
  const numClasses = problem.target.shape[1];
  const folds = foldsOf(labels, numClasses);
  const rows = Array.from(folds.keys());
  const used = Array.from({ length: labels.length > MANY_ROWS ? 1 : NUM_FOLDS }, (_, fold) => ({
    learn: rows.filter((row) => folds[row] !== fold),
    ask: rows.filter((row) => folds[row] === fold),
  })).filter(({ learn, ask }) => learn.length > 0 && ask.length > 0);
  const labelsOf = (of: readonly number[]) => of.map((row) => labels[row]!);
  const splits = used.map(({ learn, ask }) => ({
    problem: { ...problem, x: takeRows(problem.x, learn), target: oneHotRows(labelsOf(learn), numClasses) },
    asked: takeRows(problem.x, ask),
    expected: labelsOf(ask),
  }));
  const models: (LogisticModel | undefined)[] = splits.map(() => undefined);
  let best = { l2: variance * PARTS[0]!, right: -1 };
  try {
    let worse = 0;
    for (const part of PARTS) {
      const l2 = variance * part;
      let right = 0;
      for (const [i, split] of splits.entries()) {
        await nextTurn();
        const model = await solveLogistic(split.problem, { l2, ...(splits.length === 1 ? ROUGHLY : EXACTLY), start: models[i] });
        models[i] = model;
        right += accuracy(await classify(split.asked, model), split.expected) * split.expected.length;
      }
      worse = right < best.right ? worse + 1 : 0;
      if (right > best.right + 1e-9) best = { l2, right };
      if (splits.length === 1 && worse === 2) break; // many rows say clearly that the top is passed
    }
    return best.l2;
  } finally {
    for (const split of splits) tf.dispose([split.problem.x, split.problem.target, split.asked]);
  }
}
