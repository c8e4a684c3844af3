import { describe, expect, it } from 'vitest';
import { createBudget } from './pixel-budget.ts';

describe('createBudget', () => {
  it('never exceeds its total, but for one piece of work that is larger', async () => {
    const budget = createBudget(10);
    const running: number[] = [];
    const finished: number[] = [];
    const sizes = [4, 5, 3, 25, 10, 1, 1, 8, 2];
    const work = sizes.map((size, i) =>
      budget.within(size, async () => {
        running.push(size);
        const sum = running.reduce((total, each) => total + each, 0);
        expect(sum <= 10 || running.length === 1).toBe(true);
        for (let turn = 0; turn < 3; turn++) await Promise.resolve();
        running.splice(running.indexOf(size), 1);
        finished.push(i);
        if (i === 2) throw new Error('given back all the same');
      }),
    );
    const results = await Promise.allSettled(work);
    expect(results.map(({ status }) => status)).toEqual(sizes.map((_, i) => (i === 2 ? 'rejected' : 'fulfilled')));
    expect(finished).toHaveLength(sizes.length);
    expect(finished.indexOf(3)).toBe(3); // in the order of the calls
  });
});
