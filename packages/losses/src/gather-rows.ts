import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Collective } from '@selfsup/core';

/** The part of a {@link Collective} that a contrastive loss uses. */
export type GatherCollective = Pick<Collective, 'rank' | 'worldSize' | 'allGather'>;

/**
 * Puts every rank's rows under each other, with gradient, and says where this rank's rows are.
 *
 * @param who the public function, for the message
 * @param local float32 `[n, dim]`, the same shape on every rank
 * @param collective the ranks
 * @returns `rows` float32 `[worldSize · n, dim]` and `offset`, the first row of this rank: 0 where nothing is gathered
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when what comes back is not `worldSize` times the local rows
 */
export function gatherRows(who: string, local: tf.Tensor2D, collective: GatherCollective): { rows: tf.Tensor2D; offset: number } {
  const { rank, worldSize } = collective;
  if (worldSize === 1) return { rows: local, offset: 0 };
  const rows = collective.allGather(local);
  const [n, dim] = local.shape;
  if (rows.shape[0] !== worldSize * n || rows.shape[1] !== dim)
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `${who}: gathering [${n}, ${dim}] from ${worldSize} ranks must give [${worldSize * n}, ${dim}], got [${rows.shape.join(', ')}]; use the same batch size on every rank`,
    );
  return { rows, offset: rank * n };
}
