/**
 * Lets the event loop do what is due: reads, decoders, timers, signals such as Ctrl-C. Loops over batches wait for it once per batch, since reading a tensor of
 * the wasm backend gives nobody a turn.
 *
 * @returns a promise that is fulfilled in a later turn
 * @example
 * ```ts
 * import { nextTurn } from '@selfsup/core';
 * for (let batch = 0; batch < 3; batch++) await nextTurn();
 * ```
 */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
