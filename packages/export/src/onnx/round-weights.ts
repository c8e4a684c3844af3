import type { OnnxPrecision } from './onnx-scope.ts';
import { fromFloat16, quantize, toFloat16, WORTH_ROUNDING } from './quantize.ts';

/**
 * Weights as they are when a file of this precision is opened.
 *
 * @param data float32, row-major
 * @param shape their shape; of kernels and tables the last axis has a factor of its own for each index, as in the file
 * @param precision of the file
 * @returns float32 values; for `int8` those of small tensors are as they were
 */
export function roundWeights(data: Float32Array, shape: readonly number[], precision: OnnxPrecision): Float32Array {
  if (precision === 'fp16') return data.map((value) => fromFloat16(toFloat16(value)));
  if (precision === 'fp32' || data.length < WORTH_ROUNDING || shape.length < 2) return data;
  const { values, scales } = quantize(data, shape, shape.length - 1);
  return data.map((_, i) => values[i]! * scales[i % scales.length]!);
}
