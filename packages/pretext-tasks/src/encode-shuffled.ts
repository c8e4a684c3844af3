import * as tf from '@tensorflow/tfjs-core';
import { drawPermutation, SelfsupError, soloCollective, type ApplyOptions, type Rng } from '@selfsup/core';

/**
 * Encodes images `[n, height, width, channels]` in random groups, each with batch statistics of its own, and puts the rows of each result back in order.
 * One group is the whole batch, unshuffled, whose statistics may be those of all ranks; several groups keep theirs to themselves. Internal.
 *
 * @param images what is encoded
 * @param encode a group to tensors with as many rows, by the options that it is given
 * @param options the task, for the message; how many groups; and how networks run, on the stream of the order and of the groups
 * @returns the tensors of all images
 * @throws SelfsupError `SELFSUP_BATCH` on fewer than two images for each group
 */
export function encodeShuffled<T extends readonly tf.Tensor[]>(
  images: tf.Tensor4D,
  encode: (group: tf.Tensor4D, apply: ApplyOptions) => T,
  { who, groups, apply }: { who: string; groups: number; apply: ApplyOptions & { readonly rng: Rng } },
): T {
  const n = images.shape[0];
  const { rng } = apply;
  if (groups === 1) return encode(images, { ...apply, rng: rng.fold(0) });
  if (n < 2 * groups)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: \`views\` must have at least ${2 * groups} images for ${groups} shuffled groups, got ${n}; lower \`shuffleGroups\``,
    );
  const order = drawPermutation(rng.fold('shuffle'), n);
  const back = new Int32Array(n);
  order.forEach((image, place) => (back[image] = place));
  const parts = Array.from({ length: groups }, (_, g) => {
    const places = order.slice(Math.floor((g * n) / groups), Math.floor(((g + 1) * n) / groups));
    return encode(tf.gather(images, tf.tensor1d(places, 'int32')), { ...apply, synchronize: soloCollective, rng: rng.fold(g) });
  });
  const inOrder = tf.tensor1d(back, 'int32');
  return parts[0]!.map((_, i) => tf.gather(tf.concat(parts.map((part) => part[i]!)), inOrder)) as unknown as T;
}
