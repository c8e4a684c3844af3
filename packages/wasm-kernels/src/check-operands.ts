import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';

const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Throws `SELFSUP_SHAPE`: what a kernel expected of an operand, and what came. */
export function refuse(kernelName: string, name: string, expected: string, got: string): never {
  throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`${name}\` must ${expected}, got ${got}`);
}

/** Throws unless every size of a shape is a whole number of at least 0. A window that is larger than its image makes negative ones. */
export function requireSizes(kernelName: string, name: string, shape: readonly number[]): void {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    refuse(kernelName, name, 'have sizes of at least 0 (is the window, with its dilation, larger than the image?)', text(shape));
  }
}

/** Throws unless every named shape has `rank` axes. */
export function requireRank(kernelName: string, rank: number, shapes: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape.length !== rank) refuse(kernelName, name, `have ${rank} axes`, text(shape));
  }
}

/** Throws unless an operand is float32 and, where `shape` is given, has it. */
export function requireFloat32(kernelName: string, name: string, tensor: TensorInfo, shape: readonly number[] = tensor.shape): void {
  if (tensor.dtype === 'float32' && util.arraysEqual(tensor.shape, [...shape])) return;
  refuse(kernelName, name, `be float32 ${text(shape)}`, `${tensor.dtype} ${text(tensor.shape)}`);
}

/** Throws unless two sizes that name the same thing agree. */
export function requireSame(kernelName: string, what: string, expected: number, got: number): void {
  if (expected !== got) throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: ${what} must be ${expected}, got ${got}`);
}
