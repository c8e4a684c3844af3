import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input } from './runtime.ts';

/** The length of the last axis. */
export const channelsOf = (x: TensorInfo): number => x.shape.at(-1) ?? 1;
/** The attribute `epsilon`, by default 1e-5. */
export const epsilonOf = (attrs: NamedAttrMap): number => (attrs['epsilon'] as number | undefined) ?? 1e-5;

/** Throws unless `x` is float32 `[..., channels]` with values and the named inputs are float32 `[channels]` or shaped like `x`. */
export function checkNormOperands(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  names: { perChannel: readonly string[]; likeX: readonly string[] },
): void {
  const x = input(inputs, 'x');
  if (x.dtype !== 'float32' || x.shape.length < 2 || util.sizeFromShape(x.shape) === 0) {
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${kernelName}: \`x\` must be a float32 tensor [..., channels] with values, got ${x.dtype} [${x.shape.join(', ')}]`,
    );
  }
  const fits = (name: string, test: (shape: number[]) => boolean, expected: string): void => {
    const given = inputs[name];
    if (given?.dtype === 'float32' && test(given.shape)) return;
    const got = given ? `${given.dtype} [${given.shape.join(', ')}]` : 'nothing';
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`${name}\` must be float32 ${expected}, got ${got}`);
  };
  for (const name of names.perChannel) fits(name, (shape) => util.sizeFromShape(shape) === channelsOf(x), `[${channelsOf(x)}]`);
  for (const name of names.likeX) fits(name, (shape) => util.arraysEqual(shape, x.shape), `[${x.shape.join(', ')}] like \`x\``);
}
