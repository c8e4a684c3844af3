import * as tf from '@tensorflow/tfjs-core';

/** All tensors in plain objects and arrays. */
function* tensorsIn(container: unknown): Generator<tf.Tensor> {
  if (container instanceof tf.Tensor) yield container;
  else if (typeof container === 'object' && container !== null) for (const value of Object.values(container)) yield* tensorsIn(value);
}

/** Disposes all tensors in plain objects and arrays; those that are disposed already do no harm. Internal. */
export function disposeAll(container: unknown): void {
  for (const tensor of tensorsIn(container)) tensor.dispose();
}

/**
 * `tf.tidy` for asynchronous work: at its end, or when it throws, all tensors that were given to `own` are disposed, apart from those in its result. Internal.
 *
 * @param work gets `own`, which registers the tensors of an object or array and returns it; must not own variables or tensors of someone else
 */
export async function tidyAsync<R>(work: (own: <C>(container: C) => C) => Promise<R>): Promise<R> {
  const owned = new Set<tf.Tensor>();
  const own = <C>(container: C): C => {
    for (const tensor of tensorsIn(container)) owned.add(tensor);
    return container;
  };
  try {
    const result = await work(own);
    for (const tensor of tensorsIn(result)) owned.delete(tensor);
    return result;
  } finally {
    for (const tensor of owned) tensor.dispose();
  }
}
