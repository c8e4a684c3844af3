/** A defect of TensorFlow.js that does not reach who uses selfsup. */
export interface MendedDefect {
  readonly backend: string;
  readonly defect: string;
  /** What mends it, and where. */
  readonly mend: string;
}

const KERNELS = 'training kernels of `@selfsup/wasm-kernels`';

/** What is known to be wrong in tfjs and what is done about it. */
export const mendedDefects: readonly MendedDefect[] = [
  {
    backend: 'all',
    defect: 'tfjs-core alone registers no gradients in Node and in bundles',
    mend: '`registerGradients`, called by `selectBackend`',
  },
  {
    backend: 'all',
    defect:
      'wrong shapes in the gradients of `maximum`, `minimum` and `squaredDifference` of operands that broadcast, of `matMul` of a batch that broadcasts, of `cumsum` along any axis but the last; `split` into one part has no gradient; that of `gather` with batch dimensions fails; `logSumExp` of infinity is NaN',
    mend: 'not mended: no package of selfsup differentiates these. Broadcast the operand first (`tile`), turn the axis to the end (`transpose`), take rows by `takeRows` of `@selfsup/core`',
  },
  {
    backend: 'cpu',
    defect:
      'the gradient of `avgPool` divides by the whole window at the edge; that of `image.resizeNearestNeighbor` mixes up the images of a batch',
    mend: '`repairCpu` in `@selfsup/backends`',
  },
  { backend: 'wasm', defect: 'no gradients of filters, of depthwise convolutions and of `gather`', mend: KERNELS },
  {
    backend: 'wasm',
    defect:
      'the gradient of `maxPool` over negative numbers is 0; that of a convolution by its input is wrong for stride 3; `gather` with batch dimensions and sums of nothing are garbage',
    mend: KERNELS,
  },
  { backend: 'wasm', defect: '`relu`, `relu6`, `clipByValue`, `maximum`, `minimum`, `avgPool` turn NaN into a number', mend: KERNELS },
  { backend: 'wasm', defect: '`sign` of numbers below 1e-6 is 0', mend: KERNELS },
  {
    backend: 'wasm',
    defect: 'an exhausted heap is overwritten from its start, in silence',
    mend: 'a guard before each allocation: `SELFSUP_MEMORY`',
  },
  {
    backend: 'webgpu',
    defect:
      'the gradient of `avgPool` at the edge; products of long rows by a transposed matrix; `cumsum` from the end, and so its gradient; `argMax` of a single row has a shape of its own; the sum of nothing throws; tensors over the limit read zeros in silence',
    mend: '`repairWebgpu` and a guard on the device, in `@selfsup/backends`',
  },
  {
    backend: 'webgpu',
    defect: '`relu6`, `sigmoid`, `softplus` and `softmax` turn NaN into a number',
    mend: 'programs of `@selfsup/webgpu-kernels`',
  },
  {
    backend: 'webgpu',
    defect: '`sin` and `cos` are those of the driver: up to 5e-4 from the right number, and by any amount for angles outside [-π, π]',
    mend: 'programs of `@selfsup/webgpu-kernels`',
  },
  {
    backend: 'webgpu',
    defect:
      'products of rows of 2000 and more, convolutions of single images and the gradient of `gather` are added up by atomic operations, in another order and with other bits in each run',
    mend: '`repairWebgpu`, and a program of `@selfsup/webgpu-kernels`',
  },
  {
    backend: 'webgpu',
    defect: '`pad`, and so the gradient of `slice`, of five axes is refused',
    mend: 'not mended: no package differentiates slices of videos',
  },
  {
    backend: 'tensorflow',
    defect: '`avgPool` takes no padding in numbers',
    mend: 'not mended: `averagePool` of `@selfsup/encoders` has none',
  },
  {
    backend: 'webgl',
    defect:
      '`relu` and `relu6` of −∞ are NaN, `clipByValue` leaves the neighbors of NaN as they are, `softplus` of NaN is ∞, 0 / 0 is 1, the sum of nothing throws; gradients, `sin` and `cos` as on webgpu',
    mend: '`repairWebgl` in `@selfsup/backends`',
  },
  {
    backend: 'webgl',
    defect: '`epsilon()` is 1e-4, which optimizers and losses of tfjs add in their denominators',
    mend: 'selfsup gives every epsilon itself',
  },
];
