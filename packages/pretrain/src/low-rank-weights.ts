import { SelfsupError } from '@selfsup/core';
import type { SafetensorsTensor } from '@selfsup/safetensors';
import { z } from 'zod';

const ADAPTER = /^(trainable|buffers)\/.*\/lora\/[ab]$/; // not their slots in the optimizer

/** How the path of the first half of an adapter ends. Internal. */
export const SUFFIX = '/lora/a';

type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/** Whether there are adapters among tensors. Internal. */
export const hasAdapters = (tensors: Tensors): boolean => [...tensors.keys()].some((path) => path.endsWith(SUFFIX));

/** What run.json says of the adapters, as far as their output is concerned. */
const scaleSchema = z.looseObject({
  settings: z.looseObject({ loraRank: z.int().min(1), loraAlpha: z.number().gt(0).optional() }),
});

/** By what the output of the adapters of a run is multiplied, out of its run.json. Internal. */
export function scaleOf(run: string | undefined): number {
  const refuse = (cause: unknown): never => {
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      'the encoder has adapters, but its `run` does not say how they are scaled; restore the file',
      {
        cause,
      },
    );
  };
  try {
    const { loraRank, loraAlpha = loraRank } = scaleSchema.parse(JSON.parse(run ?? '')).settings;
    return loraAlpha / loraRank;
  } catch (error) {
    return refuse(error);
  }
}

/** kernel + a · b · scale, summed in float64. Internal. */
export function merged(
  kernel: SafetensorsTensor,
  { a, b, scale }: { a: SafetensorsTensor; b: SafetensorsTensor; scale: number },
): SafetensorsTensor {
  const [inputs, outputs] = kernel.shape as [number, number];
  const rank = a.shape[1]!;
  if (a.shape.join() !== [inputs, rank].join() || b.shape.join() !== [rank, outputs].join() || kernel.shape.length !== 2)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `an adapter of shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}] does not fit a kernel of shape [${kernel.shape.join(', ')}]; the files do not belong together`,
    );
  const [w, left, right] = [kernel.data, a.data, b.data] as [Float32Array, Float32Array, Float32Array];
  const data = new Float32Array(w.length);
  const row = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = left[i * rank + k]! * scale;
      for (let j = 0; j < outputs; j++) row[j]! += factor * right[k * outputs + j]!;
    }
    for (let j = 0; j < outputs; j++) data[i * outputs + j] = w[i * outputs + j]! + row[j]!;
  }
  return { ...kernel, data };
}

/**
 * Tensors of an encoder with its adapters added to its weights. Internal.
 *
 * @param tensors by path; those without adapters stay as they are
 * @param run run.json, which says how adapters are scaled
 * @returns the tensors without adapters
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when adapters and kernels do not fit
 */
export function withoutAdapters(tensors: Tensors, run: string | undefined): Tensors {
  if (!hasAdapters(tensors)) return tensors;
  const scale = scaleOf(run);
  const plain = new Map([...tensors].filter(([path]) => !ADAPTER.test(path)));
  for (const [path, a] of tensors) {
    if (!ADAPTER.test(path) || !path.endsWith(SUFFIX)) continue;
    const place = path.slice(0, -SUFFIX.length);
    const [kernel, b] = [tensors.get(`${place}/kernel`), tensors.get(`${place}/lora/b`)];
    if (!kernel || !b)
      throw new SelfsupError('SELFSUP_CHECKPOINT', `the adapter \`${path}\` lacks its other half or its kernel; restore the file`);
    plain.set(`${place}/kernel`, merged(kernel, { a, b, scale }));
  }
  return plain;
}
