/** Lets work wait until there is room for it. */
export interface Budget {
  /** Runs `work` once `size` fits into what is free, in the order of the calls; what is larger than all there is runs alone. */
  within<T>(size: number, work: () => Promise<T>): Promise<T>;
}

/**
 * Makes a budget that pieces of work share: so many small ones at once, or a few large ones.
 *
 * @param total how much there is, > 0
 */
export function createBudget(total: number): Budget {
  let free = total;
  const waiting: { cost: number; start: () => void }[] = [];
  const startNext = () => {
    while (waiting[0] && waiting[0].cost <= free) {
      const { cost, start } = waiting.shift()!;
      free -= cost;
      start();
    }
  };
  return {
    async within(size, work) {
      const cost = Math.min(size, total);
      await new Promise<void>((start) => {
        waiting.push({ cost, start });
        startNext();
      });
      try {
        return await work();
      } finally {
        free += cost;
        startNext();
      }
    },
  };
}
