// What tfjs offers to take a backend away, and whether selfsup brings it back. No Node in here: a page calls it, too.
import { closeBackends } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { tinyLosses, wordsOf } from './disturb-run.ts';

/**
 * Trains, takes the backend away, and trains again.
 *
 * @param backend its name
 * @param how `reset` of the engine, or `remove` of the backend
 * @returns how that went
 */
export async function resetBackend(backend: string, how: 'reset' | 'remove'): Promise<string> {
  try {
    const first = await tinyLosses(backend);
    if (how === 'reset') tf.engine().reset();
    else tf.removeBackend(backend);
    const again = await tinyLosses(backend);
    return again.length === 8 && again.every((loss, i) => loss === first[i])
      ? 'trains again, with the same losses'
      : `trains with other losses: ${first.join(', ')} and ${again.join(', ')}`;
  } catch (error) {
    return wordsOf(error);
  } finally {
    await closeBackends();
  }
}
