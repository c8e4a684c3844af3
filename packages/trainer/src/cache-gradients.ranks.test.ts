import { describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { bitsOf } from '../fixtures/toy-task.ts';
import { apart, partsOf, valuesOf, viewsAt, watched } from '../fixtures/watched-contrast.ts';
import { disposeAll } from './tidy-async.ts';

describe('ranks of a task with embed', () => {
  it.each([
    ['equal parts', [[16], [16]]],
    ['parts of other sizes', [[12], [20]]],
    [
      'micro-batches on each',
      [
        [8, 8],
        [4, 12],
      ],
    ],
  ])('with %s make the update of one rank with the whole batch', async (_, sizes) => {
    const whole = watched();
    const ranks = rendezvousRanks(2).map((collective) => watched({}, collective));
    const batch = viewsAt(32);
    const count = sizes[0]!.length;
    // the rows of an update: micro-batch by micro-batch, in each rank by rank
    const parts = partsOf(
      batch,
      Array.from({ length: 2 * count }, (_, i) => sizes[i % 2]![Math.floor(i / 2)]!),
    );
    const perRank = [0, 1].map((rank) => parts.filter((_, i) => i % 2 === rank));
    const expected = await whole.trainer.trainStep(batch);
    const steps = await Promise.all(ranks.map(({ trainer }, i) => trainer.trainStep(perRank[i]!)));
    ranks.forEach(({ trainer, seen }, i) => {
      expect(Math.abs(steps[i]!.loss / expected.loss - 1)).toBeLessThan(1e-6);
      expect(steps[i]!.metrics['agreement']).toBe(1);
      expect(apart(seen[0]!, whole.seen[0]!)).toBeLessThan(1e-5);
      expect(apart(valuesOf(trainer), valuesOf(whole.trainer))).toBeLessThan(1e-6);
    });
    // the ranks stay equal to the bit
    expect(await bitsOf(ranks[0]!.trainer.run.trainable)).toEqual(await bitsOf(ranks[1]!.trainer.run.trainable));
    expect(await bitsOf(ranks[0]!.trainer.run.buffers)).toEqual(await bitsOf(ranks[1]!.trainer.run.buffers));
    for (const { trainer } of [whole, ...ranks]) trainer.dispose();
    disposeAll([batch, parts]);
  });

  it('draw apart in embed and alike in the loss', async () => {
    const drawn: [number, string, number][] = [];
    const ranks = rendezvousRanks(2).map((collective) =>
      watched(
        {
          change: (run) => ({
            embed: (batch, targets, context) => {
              drawn.push([collective.rank, 'embed', context.stream('x').seed()]);
              return run.embed(batch, targets, context);
            },
            loss: (embeddings, targets, context) => {
              drawn.push([collective.rank, 'loss', context.stream('x').seed()]);
              return run.loss(embeddings, targets, context);
            },
          }),
        },
        collective,
      ),
    );
    const batch = viewsAt(8);
    const parts = partsOf(batch, [4, 4]);
    await Promise.all(ranks.map(({ trainer }, i) => trainer.trainStep(parts[i]!)));
    const of = (rank: number, phase: string) => new Set(drawn.flatMap(([r, p, seed]) => (r === rank && p === phase ? [seed] : [])));
    expect(of(0, 'loss')).toEqual(of(1, 'loss'));
    expect(of(0, 'embed')).not.toEqual(of(1, 'embed'));
    expect(of(0, 'embed')).toEqual(of(0, 'loss'));
    for (const { trainer } of ranks) trainer.dispose();
    disposeAll([batch, parts]);
  });
});
