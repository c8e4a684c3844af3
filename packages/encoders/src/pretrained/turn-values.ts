import type { Entry } from './name-table.ts';

/** Values with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** `[a, b, c]` with its first and last axis exchanged: `[c, b, a]`, where `inner` is c. */
function exchanged(data: Float32Array, [first, middle, inner]: readonly [number, number, number]): Float32Array {
  const result = new Float32Array(data.length);
  let at = 0;
  for (let a = 0; a < first; a++)
    for (let b = 0; b < middle; b++) for (let c = 0; c < inner; c++) result[(c * middle + b) * first + a] = data[at++]!;
  return result;
}

/** Our shape of one of a row's paths. */
export function ourShape({ shape, paths, turn }: Pick<Entry, 'shape' | 'paths' | 'turn'>): number[] {
  const [first = 1, ...rest] = shape;
  const out = first / paths.length;
  switch (turn) {
    case 'same':
      return shape.length === 0 ? [] : [out, ...rest];
    case 'first':
      return [...rest];
    case 'turned':
      return [rest[0]!, out];
    case 'convolution':
      return [rest[1]!, rest[2]!, rest[0]!, out];
    case 'patches':
      return [rest[1]! * rest[2]! * rest[0]!, out];
  }
}

/** A foreign tensor as ours, one for each path; values that need no turning share memory with it. */
export function toOurs(entry: Entry, data: Float32Array): [path: string, values: Values][] {
  const shape = ourShape(entry);
  const size = sizeOf(shape);
  const turned = entry.turn === 'turned' || entry.turn === 'convolution' || entry.turn === 'patches';
  const [first = 1, channels = 1, ...kernel] = entry.shape;
  return entry.paths.map((path, i) => {
    const part = data.subarray(i * size, (i + 1) * size);
    return [path, { shape, data: turned ? exchanged(part, [first / entry.paths.length, channels, sizeOf(kernel)]) : part }];
  });
}

/** Our tensors, in the order of the row's paths, as theirs. */
export function toTheirs(entry: Entry, parts: readonly Float32Array[]): Values {
  const turned = entry.turn === 'turned' || entry.turn === 'convolution' || entry.turn === 'patches';
  const [first = 1, channels = 1, ...kernel] = entry.shape;
  const result = new Float32Array(sizeOf(entry.shape));
  let at = 0;
  for (const part of parts) {
    result.set(turned ? exchanged(part, [sizeOf(kernel), channels, first / parts.length]) : part, at);
    at += part.length;
  }
  return { shape: entry.shape, data: result };
}
