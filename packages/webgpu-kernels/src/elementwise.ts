import { util } from '@tensorflow/tfjs-core';
import type { Program } from './program.ts';
import type { Dispatch, Runtime } from './runtime.ts';

const THREADS = 256;

/** A program for each of `u.size` elements: the body sees the element's number `i`. */
export type ElementwiseProgram = Omit<Program, 'threads'>;

/** Makes the function that runs a program once for each element of its first output, or for `count` of them. */
export function elementwise(program: ElementwiseProgram): (runtime: Runtime, on: Omit<Dispatch, 'groups'> & { count?: number }) => void {
  const whole: Program = {
    ...program,
    uniforms: { size: 'u32', ...program.uniforms },
    threads: THREADS,
    body: `
  let i = group * ${THREADS}u + thread;
  if (i >= u.size) { return; }
  ${program.body}`,
  };
  return (runtime, { count, uniforms, ...on }) => {
    const size = count ?? util.sizeFromShape(on.outputs[0]!.shape);
    if (size > 0) runtime.dispatch(whole, { ...on, uniforms: { size, ...uniforms }, groups: Math.ceil(size / THREADS) });
  };
}
