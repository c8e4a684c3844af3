import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isSelfsupError } from './error.ts';
import { copyVariables, joinVariables } from './variable-map.ts';

const variable = (...values: number[]) => tf.tidy(() => tf.variable(tf.tensor1d(values)));
const failure = (call: () => void): [string, string] => {
  try {
    call();
  } catch (error) {
    if (isSelfsupError(error)) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('joinVariables', () => {
  it('puts paths under prefixes, in order, with the same variables', () => {
    const [a, b, c] = [variable(1), variable(2), variable(3)];
    const joined = joinVariables({ online: { 'conv/kernel': a, bias: b }, target: joinVariables({ head: { bias: c } }) });
    expect(Object.keys(joined)).toEqual(['online/conv/kernel', 'online/bias', 'target/head/bias']);
    expect(Object.values(joined)).toEqual([a, b, c]);
    expect(joinVariables({ empty: {} })).toEqual({});
    tf.dispose([a, b, c]);
  });
});

describe('copyVariables', () => {
  it('copies values, not variables', () => {
    const [from, to] = [variable(1, 2), variable(3, 4)];
    copyVariables({ w: from }, { w: to });
    expect([...to.dataSync()]).toEqual([1, 2]);
    tf.tidy(() => {
      from.assign(tf.tensor1d([9, 9]));
    });
    expect([...to.dataSync()]).toEqual([1, 2]);
    tf.dispose([from, to]);
  });

  it('names the first path that does not fit, and then copies nothing', () => {
    const [a, b, longer, old] = [variable(1), variable(2), variable(1, 2), variable(0)];
    expect(failure(() => { copyVariables({ a, b }, { a: old }); })).toEqual(['SELFSUP_SHAPE', 'copyVariables: `b` exists only in `from`; both networks must be built alike']); // prettier-ignore
    expect(failure(() => { copyVariables({ a }, { a: old, b }); })).toEqual(['SELFSUP_SHAPE', 'copyVariables: `b` exists only in `to`; both networks must be built alike']); // prettier-ignore
    expect(failure(() => { copyVariables({ a, b }, { a: old, b: longer }); })).toEqual(['SELFSUP_SHAPE', 'copyVariables: `b` must have shape [1], got [2]']); // prettier-ignore
    expect([...old.dataSync()]).toEqual([0]);
    tf.dispose([a, b, longer, old]);
  });
});
