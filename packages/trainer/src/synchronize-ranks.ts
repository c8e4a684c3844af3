import { SelfsupError, type Batch, type Collective, type Targets } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Trainer } from './create-trainer.ts';

/**
 * Copies the bytes of rank 0 to all, which need not know how many there are.
 *
 * @param bytes those of rank 0; what others give does not count
 * @param collective the ranks
 * @returns the bytes of rank 0
 */
export async function broadcastBytes(bytes: Uint8Array, collective: Collective): Promise<Uint8Array> {
  const leads = collective.rank === 0;
  const length = new Float32Array(2); // in two parts that a float32 holds exactly
  if (leads) length.set([Math.floor(bytes.length / 2 ** 20), bytes.length % 2 ** 20]);
  await collective.broadcast(length);
  const count = length[0]! * 2 ** 20 + length[1]!;
  const padded = new Uint8Array(4 * Math.ceil(count / 4));
  if (leads) padded.set(bytes);
  await collective.broadcast(new Float32Array(padded.buffer));
  return padded.subarray(0, count);
}

/**
 * Gives all ranks the weights, the state and the step of rank 0: at the start, and after rank 0 has restored a checkpoint.
 *
 * @param trainer of each rank
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on a rank whose task, seed or networks are not those of rank 0, and what the collective throws
 * @remarks It travels as a checkpoint does, so that only rank 0 needs the file. Frozen variables do not travel: their hash must agree.
 */
export async function synchronizeRanks<B extends Batch, T extends Targets>(trainer: Trainer<B, T>): Promise<void> {
  const { collective } = trainer;
  if (collective.worldSize === 1) return;
  const bytes = await broadcastBytes(collective.rank === 0 ? await trainer.save() : new Uint8Array(0), collective);
  if (collective.rank !== 0) await trainer.restore(bytes);
}

/** FNV-1a of the bits of some numbers, as an int32. */
function hashOf(values: Float32Array | Int32Array | Uint8Array): number {
  const bits = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let hash = 0x811c9dc5;
  for (const byte of bits) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/**
 * Makes sure that all ranks have the same weights and state, to the bit.
 *
 * @param trainer of each rank; all call it at the same step
 * @throws SelfsupError `SELFSUP_COLLECTIVE` with the first variable that differs and the ranks that differ from rank 0, on every rank
 */
export async function compareRanks<B extends Batch, T extends Targets>(trainer: Trainer<B, T>): Promise<void> {
  const { collective, run } = trainer;
  if (collective.worldSize === 1) return;
  const variables = Object.entries({ ...run.trainable, ...run.buffers });
  const hashes: number[] = [];
  for (const [, variable] of variables) hashes.push(hashOf(await variable.data()));
  const own = tf.tensor2d(hashes, [1, hashes.length], 'int32');
  const all = await collective.allGather(own);
  const read = await all.data();
  tf.dispose([own, all]);
  variables.forEach(([path], i) => {
    const others = Array.from({ length: collective.worldSize }, (_, rank) => rank).filter(
      (rank) => read[rank * hashes.length + i] !== read[i],
    );
    if (others.length > 0)
      throw new SelfsupError(
        'SELFSUP_COLLECTIVE',
        `at step ${trainer.step} \`${path}\` of ${trainer.task} on rank ${others.join(', ')} is not that of rank 0; do all ranks run the same versions and options, on processors that compute alike? Go on from the last checkpoint`,
      );
  });
}

/**
 * Whether any rank wants to stop, the same answer on all. Internal.
 *
 * @param wanted why this rank wants to, if it does
 */
export async function agreeToStop(collective: Collective, wanted: 'signal' | 'time' | undefined): Promise<'signal' | 'time' | undefined> {
  if (collective.worldSize === 1) return wanted;
  const votes = Float32Array.of(wanted === 'signal' ? 1 : 0, wanted === 'time' ? 1 : 0);
  await collective.allReduceMean(votes);
  return votes[0]! > 0 ? 'signal' : votes[1]! > 0 ? 'time' : undefined;
}
