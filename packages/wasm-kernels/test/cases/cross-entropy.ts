import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

/** Logits of any height, −∞ and (in rows that become NaN) NaN and +∞ among them; labels, negative ones too; log-sum-exp by rows. */
function setting(random: Random) {
  const classes = pick(random, [integer(random, 1, 9), integer(random, 10, 100), integer(random, 2000, 2100)]);
  const rows = integer(random, 0, 12);
  const plain = anyValues(random, [rows, classes], [1, 1, 20, 1000, 1e-3, 1e6]);
  const kind = pick(random, ['plain', 'plain', 'plain', 'hidden', 'broken']);
  const specials = kind === 'hidden' ? [-Infinity] : [NaN, Infinity, -Infinity];
  const logits = kind === 'plain' ? plain : withSpecials(random, plain, specials, kind === 'hidden' ? 0.3 : 0.5 / classes);
  const labels: Values = {
    shape: [rows],
    values: Int32Array.from({ length: rows }, () => (random() < 0.2 ? pick(random, [-1, -100]) : integer(random, 0, classes - 1))),
    dtype: 'int32',
  };
  const largest = new Float64Array(rows).fill(-Infinity);
  logits.values.forEach((v, i) => {
    const r = Math.floor(i / classes);
    largest[r] = Math.max(largest[r]!, v);
  });
  const levels = Float64Array.from(labels.values, (label, r) => {
    if (label < 0) return 0;
    let sum = 0;
    for (let i = r * classes; i < (r + 1) * classes; i++) sum += Math.exp(logits.values[i]! - largest[r]!);
    return Math.log(sum) + largest[r]!;
  });
  return { classes, rows, logits, labels, largest, levels };
}

function forward(random: Random): KernelCase {
  const { classes, logits, labels, largest, levels } = setting(random);
  const losses = levels.map((level, r) => (labels.values[r]! < 0 ? 0 : level - logits.values[r * classes + labels.values[r]!]!));
  // The logarithm's argument is a sum in float32: an absolute error, however small the loss of a sure prediction.
  const finite = (v: number): number => (Number.isFinite(v) ? Math.abs(v) + 1 : 1);
  return { inputs: { logits, labels }, attrs: {}, expected: [losses, levels], magnitude: [losses.map(finite), largest.map(finite)] };
}

function gradient(random: Random): KernelCase {
  const { classes, rows, logits, labels, levels } = setting(random);
  const dy = anyValues(random, [rows]);
  const logSumExp: Values = { shape: [rows], values: Float32Array.from(levels) };
  // The kernel is given the log-sum-exp in float32: the definition starts from the same number.
  const terms = (i: number): [softmax: number, hot: number] => {
    const r = Math.floor(i / classes);
    return [Math.exp(logits.values[i]! - logSumExp.values[r]!), Number(labels.values[r] === i % classes)];
  };
  const by = (combine: (softmax: number, hot: number) => number) =>
    Float64Array.from(logits.values, (_, i) => {
      const r = Math.floor(i / classes);
      return labels.values[r]! < 0 ? 0 : dy.values[r]! * combine(...terms(i));
    });
  const dLogits = by((softmax, hot) => softmax - hot);
  const magnitude = by((softmax, hot) => softmax + hot).map((v) => (Number.isFinite(v) ? Math.abs(v) : 0));
  return { inputs: { dy, logits, labels, logSumExp }, attrs: {}, expected: [dLogits], magnitude: [magnitude] };
}

/** Cross entropy from integer labels and its gradient. */
export const crossEntropyCases: readonly CaseMaker[] = [
  { title: 'cross entropy against float64', kernel: 'SelfsupSoftmaxCrossEntropy', make: forward },
  { title: 'cross entropy gradient against float64', kernel: 'SelfsupSoftmaxCrossEntropyGrad', make: gradient },
];
