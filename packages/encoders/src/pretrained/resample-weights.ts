/** The cubic convolution kernel with a = −0.5 at a distance ≥ 0. */
function cubic(distance: number): number {
  const a = -0.5;
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
}

/**
 * The weights `[to, from]` of bicubic interpolation with antialiasing along one axis, row by row: where it shrinks, the kernel is as much wider; what lies beyond the
 * border has no weight.
 *
 * @returns PyTorch's `interpolate(size=to, mode='bicubic', antialias=True)` of the columns of an identity matrix; its rows add up to 1
 */
export function antialiasedWeights(from: number, to: number): Float64Array {
  const weights = new Float64Array(to * from);
  const scale = from / to;
  const stretch = Math.max(1, scale);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(center + 2 * stretch + 0.5));
    let sum = 0;
    for (let k = first; k < end; k++) sum += weights[i * from + k] = cubic(Math.abs(k + 0.5 - center) / stretch);
    for (let k = first; k < end; k++) weights[i * from + k]! /= sum;
  }
  return weights;
}

/** `a` `[n, n]` inverted in place by Gauss and Jordan's elimination; it must be symmetric and positive definite. */
function invert(a: Float64Array, n: number): Float64Array {
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k]!;
    a[k * n + k] = 1;
    for (let j = 0; j < n; j++) a[k * n + j]! /= pivot;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = a[i * n + k]!;
      a[i * n + k] = 0;
      for (let j = 0; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
    }
  }
  return a;
}

/**
 * The pseudoinverse `[to, from]` of the transposed weights of an interpolation: what a kernel of `from` places becomes for it to say of an interpolated patch what it said
 * of the patch, or the nearest to it.
 *
 * @param weights `[to, from]`, of full rank
 * @see Beyer et al.: "FlexiViT: One Model for All Patch Sizes", section 3.4, https://arxiv.org/abs/2212.08013
 */
export function pseudoinverseOfTransposed(weights: Float64Array, [to, from]: readonly [number, number]): Float64Array {
  const small = Math.min(to, from);
  const at = to >= from ? (k: number, i: number) => weights[k * from + i]! : (k: number, i: number) => weights[i * from + k]!;
  const gram = new Float64Array(small * small);
  for (let i = 0; i < small; i++)
    for (let j = 0; j < small; j++) for (let k = 0; k < Math.max(to, from); k++) gram[i * small + j]! += at(k, i) * at(k, j);
  const inverse = invert(gram, small);
  const result = new Float64Array(to * from);
  for (let i = 0; i < to; i++)
    for (let j = 0; j < from; j++) {
      let sum = 0;
      for (let k = 0; k < small; k++)
        sum += to >= from ? weights[i * from + k]! * inverse[k * small + j]! : inverse[i * small + k]! * weights[k * from + j]!;
      result[i * from + j] = sum;
    }
  return result;
}

/**
 * A square of places, each with `columns` values, brought to another square by the weights of one axis.
 *
 * @param data `[from · from, columns]`
 * @param weights `[to, from]`
 * @returns `[to · to, columns]`
 */
export function resampleSquare(
  data: Float32Array,
  weights: Float64Array,
  { from, to, columns }: { from: number; to: number; columns: number },
): Float32Array {
  const half = new Float64Array(to * from * columns); // rows done
  for (let y = 0; y < to; y++)
    for (let k = 0; k < from; k++) {
      const weight = weights[y * from + k]!;
      if (weight !== 0) for (let j = 0; j < from * columns; j++) half[y * from * columns + j]! += weight * data[k * from * columns + j]!;
    }
  const result = new Float32Array(to * to * columns);
  const sums = new Float64Array(columns);
  for (let y = 0; y < to; y++)
    for (let x = 0; x < to; x++) {
      sums.fill(0);
      for (let k = 0; k < from; k++) {
        const weight = weights[x * from + k]!;
        if (weight !== 0) for (let c = 0; c < columns; c++) sums[c]! += weight * half[(y * from + k) * columns + c]!;
      }
      result.set(sums, (y * to + x) * columns);
    }
  return result;
}
