import { createMomentumPair, takeRows, type ApplyOptions, type Module, type MomentumNetwork, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { asBuffers } from './as-buffers.ts';
import { optionError } from './check-options.ts';
import { groupBySize } from './encode-crops.ts';
import type { PatchEncoder } from './patch-networks.ts';

type Head = Module<tf.Tensor2D, tf.Tensor2D>;

/** The networks of a task that distills class tokens and patches. */
export interface PatchHeadFactories {
  /** Makes the backbone, which is kept; it has a class token and a mask token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the network from the class token's state to logits `[rows, outputDim]`, thrown away afterwards; `dinoHead` of `@selfsup/encoders`. */
  projectionHead: (rng: Rng) => Head;
  /** Makes the network from a patch's state to logits; default none: the projection head serves both. */
  patchHead?: (rng: Rng) => Head;
}

/** A backbone with its two heads, which may be one. Internal. */
export interface PatchHeadNetworks {
  readonly backbone: PatchEncoder;
  readonly projectionHead: Head;
  readonly patchHead: Head;
}

/** The student, the teacher that follows it, and both by the paths of their variables, for `joinNetworks`. Internal. */
export interface PatchDistillation {
  readonly student: PatchHeadNetworks;
  readonly teacher: PatchHeadNetworks;
  readonly networks: Readonly<Record<string, MomentumNetwork>>;
  readonly update: (momentum: number) => void;
}

/** Builds all networks twice; the teacher starts as an exact copy. Internal. */
export function createPatchDistillation(factories: PatchHeadFactories, rng: Rng): PatchDistillation {
  const backbone = createMomentumPair(factories.backbone, rng.fold('backbone'));
  const projectionHead = createMomentumPair(factories.projectionHead, rng.fold('projectionHead'));
  const patchHead = factories.patchHead && createMomentumPair(factories.patchHead, rng.fold('patchHead'));
  const of = (role: 'online' | 'target'): PatchHeadNetworks => ({
    backbone: backbone[role],
    projectionHead: projectionHead[role],
    patchHead: (patchHead ?? projectionHead)[role],
  });
  const pairs = { backbone, projectionHead, ...(patchHead && { patchHead }) };
  return {
    student: of('online'),
    teacher: of('target'),
    networks: {
      ...Object.fromEntries(Object.entries(pairs).map(([name, { online }]) => [name, online])),
      ...Object.fromEntries(Object.entries(pairs).map(([name, { target }]) => [`teacher/${name}`, asBuffers(target)])),
    },
    update(momentum) {
      for (const pair of Object.values(pairs)) pair.update(momentum);
    },
  };
}

/** The states of class tokens `[crops · n, width]` and of the patches of the first two crops, side by side `[n, 2 · length, width]`. Internal. */
export interface CropStates {
  readonly classTokens: tf.Tensor2D;
  readonly patches: tf.Tensor3D;
}

/** What both crops of `n` images have, `[2 · n, length, width]`, with those of an image in one row. */
function pairUp(states: tf.Tensor3D): tf.Tensor3D {
  const [first, second] = tf.split(states, 2) as [tf.Tensor3D, tf.Tensor3D];
  return tf.concat([first, second], 1);
}

/**
 * Encodes crops, the first two, global ones together, with `masks` for them or without. Internal.
 *
 * @throws SelfsupError `SELFSUP_OPTION` when the backbone has no class token
 */
export function encodeStates(
  who: string,
  { crops, masks, backbone }: { crops: readonly tf.Tensor4D[]; masks?: readonly tf.Tensor2D[]; backbone: PatchEncoder },
  options: ApplyOptions & { readonly rng: Rng },
): CropStates {
  const { patchSize } = backbone;
  const [height, width] = [crops[0]!.shape[1], crops[0]!.shape[2]];
  const length = (height / patchSize) * (width / patchSize);
  const encode = (group: readonly tf.Tensor4D[], i: number, mask?: tf.Tensor2D) =>
    backbone.encode(
      { images: tf.concat([...group], 0), ...(mask && { mask }) },
      { ...options, rng: options.rng.fold('backbone').fold(i).stacked(group.length) },
    );
  const states = encode(crops.slice(0, 2), 0, masks && tf.concat([...masks], 0)); // [2n, 1 + length, width]
  const [rows, seen, columns] = states.shape;
  if (seen !== length + 1)
    throw optionError(who, {
      name: 'backbone',
      expected: `one with a class token: ${length + 1} states of ${length} patches`,
      got: `${seen}`,
    });
  const classToken = (all: tf.Tensor3D) => tf.reshape<tf.Rank.R2>(tf.slice(all, [0, 0, 0], [all.shape[0], 1, columns]), [-1, columns]);
  const local = groupBySize(crops.slice(2)).map((group, i) => classToken(encode(group, i + 1)));
  return {
    classTokens: tf.concat([classToken(states), ...local], 0),
    patches: pairUp(tf.slice(states, [0, 1, 0], [rows, length, columns])),
  };
}

/** Applies a head to the patches in `slots` int32 `[n, slots]`; all of them without: logits `[n, patches, outputDim]`. Internal. */
export function projectPatches(head: Head, patches: tf.Tensor3D, options: { slots?: tf.Tensor2D; apply: ApplyOptions }): tf.Tensor3D {
  const { slots, apply } = options;
  const chosen = slots ? takeRows(patches, slots, { batchDims: 1 }) : patches; // [n, chosen, width]
  const [n, count, width] = chosen.shape as [number, number, number];
  const logits = head.apply(tf.reshape<tf.Rank.R2>(chosen, [n * count, width]), apply);
  return tf.reshape(logits, [n, count, -1]);
}
