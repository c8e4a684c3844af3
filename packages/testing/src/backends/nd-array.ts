/** Numbers in float64 with a shape, row by row: what the references of operations compute with. Internal. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** The number of elements of a shape. Internal. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** An array of a shape, from numbers or from a function of the flat position. Internal. */
export function nd(shape: readonly number[], fill: ArrayLike<number> | ((at: number) => number)): NdArray {
  const values = typeof fill === 'function' ? Float64Array.from({ length: sizeOf(shape) }, (_, i) => fill(i)) : Float64Array.from(fill);
  return { shape, values };
}

/** An array whose element at an index is a function of that index. Internal. */
export function fromIndex(shape: readonly number[], element: (index: readonly number[]) => number): NdArray {
  const index = shape.map(() => 0);
  return nd(shape, () => {
    const value = element(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return value;
  });
}

/** The element at an index; axes of length 1 are broadcast, missing leading axes too. Internal. */
export function at({ shape, values }: NdArray, index: readonly number[]): number {
  const skip = index.length - shape.length;
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis]! + (shape[axis] === 1 ? 0 : index[axis + skip]!);
  return values[flat]!;
}

/** Applies a function to each element. Internal. */
export const map = (x: NdArray, f: (value: number) => number): NdArray => nd(x.shape, x.values.map(f));

/** The shape that several broadcast to. Internal. */
export function broadcastShapes(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** Applies a function to the elements of two arrays that are broadcast. Internal. */
export function zip(a: NdArray, b: NdArray, f: (a: number, b: number) => number): NdArray {
  return fromIndex(broadcastShapes([a.shape, b.shape]), (index) => f(at(a, index), at(b, index)));
}

/** Applies a function to what lies along some axes, for each place on the others. Internal. */
export function reduce(
  x: NdArray,
  { axes, keepDims = false }: { axes: readonly number[]; keepDims?: boolean },
  f: (values: readonly number[]) => number,
): NdArray {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const inner = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const result = fromIndex(kept, (outer) =>
    f([
      ...fromIndex(inner, (index) =>
        at(
          x,
          index.map((i, axis) => i + outer[axis]!),
        ),
      ).values,
    ]),
  );
  return keepDims ? result : nd(x.shape.filter((_, axis) => !axes.includes(axis)), result.values); // prettier-ignore
}

/** The sum of numbers. Internal. */
export const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
/** The mean of numbers. Internal. */
export const mean = (values: readonly number[]): number => total(values) / values.length;
/** The largest of numbers; NaN where one is. Internal. */
export const largest = (values: readonly number[]): number => Math.max(...values);

/** The product of matrices in the last two axes, with leading axes broadcast. Internal. */
export function matMul(a: NdArray, b: NdArray, { transposeA = false, transposeB = false } = {}): NdArray {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const columns = transposeB ? bRows : bColumns;
  const [stepA, stepB] = [transposeA ? aColumns : 1, transposeB ? 1 : bColumns];
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  /** The number of the matrix for each place in the batch. */
  const numbers = ({ shape }: NdArray) =>
    fromIndex(batch, (index) =>
      at(
        nd(shape.slice(0, -2), (i) => i),
        index,
      ),
    ).values;
  const [ofA, ofB] = [numbers(a), numbers(b)];
  const values = new Float64Array(ofA.length * rows * columns);
  for (let m = 0, out = 0; m < ofA.length; m++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let fromA = ofA[m]! * aRows * aColumns + (transposeA ? i : i * aColumns);
        let fromB = ofB[m]! * bRows * bColumns + (transposeB ? j * bColumns : j);
        let sum = 0;
        for (let k = 0; k < inner; k++, fromA += stepA, fromB += stepB) sum += a.values[fromA]! * b.values[fromB]!;
        values[out++] = sum;
      }
  return { shape: [...batch, rows, columns], values };
}

/** Exchanges axes. Internal. */
export function transpose(x: NdArray, order: readonly number[]): NdArray {
  return fromIndex(order.map((axis) => x.shape[axis]!), (index) => at(x, order.map((_, axis) => index[order.indexOf(axis)]!))); // prettier-ignore
}
