import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import type { AnyModule } from './modality.ts';

/**
 * The bytes of an encoder whose tables have more rows, for tokens that are new: each new row is the mean of the old ones, plus what a fresh encoder has there, so that
 * new tokens differ.
 *
 * @param bytes the encoder
 * @param fresh an encoder with the new number of rows and fresh weights
 * @param options `prefix`: where its variables lie; `growing`: the paths of the tables
 * @returns the same bytes where nothing grows
 */
export async function growStart(
  bytes: Uint8Array,
  fresh: AnyModule,
  { prefix, growing }: { prefix: string; growing: readonly string[] },
): Promise<Uint8Array> {
  const file = await decodeCheckpoint('growStart', bytes);
  const tensors = new Map(file.tensors);
  let grew = false;
  for (const path of growing) {
    const variable = fresh.trainable[path];
    const place = [`trainable/${prefix}/${path}`, `buffers/${prefix}/${path}`].find((name) => tensors.has(name));
    const old = place === undefined ? undefined : tensors.get(place)!;
    if (!variable || !old || !(old.data instanceof Float32Array)) continue;
    const [rows = 0, width = 0] = old.shape;
    const [count, columns] = variable.shape as [number, number];
    if (old.shape.length !== 2 || columns !== width || count <= rows || rows === 0) continue;
    const data = Float32Array.from(await variable.data<'float32'>());
    const mean = new Float64Array(width);
    for (let i = 0; i < rows * width; i++) mean[i % width]! += old.data[i]! / rows;
    for (let i = rows * width; i < data.length; i++) data[i]! += mean[i % width]!;
    data.set(old.data);
    tensors.set(place!, { ...old, shape: [count, width], data });
    grew = true;
  }
  return grew ? encodeCheckpoint({ metadata: file.metadata, tensors }) : bytes;
}
