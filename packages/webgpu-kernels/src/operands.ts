import { SelfsupError } from '@selfsup/core';
import { util, type DataType, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';

const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Throws `SELFSUP_SHAPE`: what a kernel expected, and what came. */
export function refuse(kernelName: string, expected: string, got: string): never {
  throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: ${expected}, got ${got}`);
}

/** The input called `name`. */
export function input(inputs: NamedTensorInfoMap, name: string): TensorInfo {
  return inputs[name]!;
}

/** Throws unless the named inputs have these shapes and this dtype. */
export function requireShapes(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  shapes: Readonly<Record<string, readonly number[]>>,
  dtype: DataType = 'float32',
): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const given = inputs[name];
    if (given?.dtype === dtype && util.arraysEqual(given.shape, [...shape])) continue;
    refuse(kernelName, `\`${name}\` must be ${dtype} ${text(shape)}`, given ? `${given.dtype} ${text(given.shape)}` : 'nothing');
  }
}

/** The float32 input called `name`, of rank at least `rank` and with a last axis that is not empty. */
export function requireRows(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  { name, rank = 1 }: { name: string; rank?: number },
): { tensor: TensorInfo; rows: number; columns: number } {
  const tensor = input(inputs, name);
  const columns = tensor.shape.at(-1) ?? 0;
  if (tensor.dtype !== 'float32' || tensor.shape.length < rank || columns === 0) {
    refuse(
      kernelName,
      `\`${name}\` must be float32 with at least ${rank} axes, the last not empty`,
      `${tensor.dtype} ${text(tensor.shape)}`,
    );
  }
  return { tensor, columns, rows: util.sizeFromShape(tensor.shape) / columns };
}

/** Number attributes with their defaults. */
export function numbers<K extends string>(attrs: NamedAttrMap, defaults: Readonly<Record<K, number>>): Record<K, number> {
  const entries = Object.entries<number>(defaults).map(([name, value]) => [name, (attrs[name] as number | undefined) ?? value]);
  return Object.fromEntries(entries) as Record<K, number>;
}
