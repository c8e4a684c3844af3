import { createRng } from '@selfsup/core';
import { differenceOf } from './compare-values.ts';
import { fail, prepared, rawBatches, sourceOf, withModality, type TensorValues } from './drive-modality.ts';
import type { ModalitySubject } from './modality-conformance.ts';

type Prepared = Readonly<Record<string, TensorValues>>;

const sameTensors = (one: Prepared, other: Prepared): string | undefined => differenceOf(one, other, 'batch');

/** 6. Internal. */
export async function checkBatches(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (first) => {
    const { stepsPerEpoch } = sourceOf(first);
    if (!Number.isSafeInteger(stepsPerEpoch) || stepsPerEpoch < 1)
      fail(`\`stepsPerEpoch\` of the source must be an integer >= 1, got ${stepsPerEpoch}`);
    const all = await rawBatches(sourceOf(first));
    if (all.length !== stepsPerEpoch)
      fail(
        `an epoch of the source must have \`stepsPerEpoch\` (${stepsPerEpoch}) batches, got ${all.length > stepsPerEpoch ? 'more' : all.length}`,
      );
    const opening = await prepared(first, all[0]);
    await withModality(subject, async (second) => {
      const [again] = await rawBatches(sourceOf(second), { count: 1 });
      const where = sameTensors(opening, await prepared(second, again));
      if (where !== undefined)
        fail(`one seed must give the same batches in each run, \`${where}\` of the first differs; pass on the \`rng\``);
    });
    if (stepsPerEpoch > 1) {
      const [later] = await rawBatches(sourceOf(first), { firstStep: 1, count: 1 });
      const where = sameTensors(await prepared(first, all[1]), await prepared(first, later));
      if (where !== undefined)
        fail(`\`epoch(0, { firstStep: 1 })\` must begin with the second batch of the epoch, \`${where}\` differs: a run is resumed there`);
    }
    const source = sourceOf(first);
    const [second] = await rawBatches(source, { epoch: 1, count: 1 });
    const [fresh] = await rawBatches(sourceOf(first), { epoch: 1, count: 1 });
    const where = sameTensors(await prepared(first, second), await prepared(first, fresh));
    if (where !== undefined) fail(`an epoch must be the same whenever it is asked for, \`${where}\` of epoch 1 differs`);
  });
}

/** 7. Internal. */
export async function checkOrder(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const firstBatch = async (seed: number, epoch: number) =>
      prepared(at, (await rawBatches(sourceOf(at, { seed }), { epoch, count: 1 }))[0]);
    const opening = await firstBatch(0, 0);
    if (sameTensors(opening, await firstBatch(1, 0)) === undefined)
      fail('another seed must give the samples in another order, the first batch is the same; use the `rng` of `createSource`');
    if (sameTensors(opening, await firstBatch(0, 1)) === undefined)
      fail('another epoch must have the samples in another order, the first batch is the same');
  });
}

/** 8. Internal. */
export async function checkRanks(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const batchSize = Math.max(1, Math.floor(at.plan.settings.batchSize / 2));
    const [one, other] = [sourceOf(at, { batchSize, rank: 0, worldSize: 2 }), sourceOf(at, { batchSize, rank: 1, worldSize: 2 })];
    if (one.stepsPerEpoch !== other.stepsPerEpoch)
      fail(`two ranks must have the same number of batches, got ${one.stepsPerEpoch} and ${other.stepsPerEpoch}`);
    const [mine] = await rawBatches(one, { count: 1 });
    const [theirs] = await rawBatches(other, { count: 1 });
    const [own, others] = [await prepared(at, mine), await prepared(at, theirs)];
    if (sameTensors(own, others) === undefined)
      fail('two ranks must get different samples, the first batch is the same; heed `rank` and `worldSize`');
    const [both] = await rawBatches(sourceOf(at, { batchSize: 2 * batchSize }), { count: 1 });
    for (const [name, { values }] of Object.entries(await prepared(at, both))) {
      const [first, second] = [own[name]!.values, others[name]!.values];
      if (values.length === first.length + second.length && first.some((value, i) => !Object.is(value, values[i])))
        fail(
          `the samples of all ranks must be those of one rank with as large a batch, in rank order, \`${name}\` of rank 0 is not its beginning; give each rank a block of one order`,
        );
    }
  });
}

/** 9. Internal. */
export async function checkPrepare(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const batches = await rawBatches(sourceOf(at), { count: 2 });
    const opening = await prepared(at, batches[0]);
    for (const [name, { dtype, shape, values }] of Object.entries(opening)) {
      if (!['float32', 'int32', 'bool'].includes(dtype)) fail(`\`${name}\` of \`prepare\` must be float32, int32 or bool, got ${dtype}`);
      if (shape.length === 0) fail(`\`${name}\` of \`prepare\` must have the samples on axis 0, got a scalar`);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) fail(`\`${name}\` of \`prepare\` must be finite, got ${values[bad]!}`);
    }
    const where = sameTensors(opening, await prepared(at, batches[0]));
    if (where !== undefined)
      fail(
        `\`prepare\` twice with one raw batch and one \`rng\` must give the same, \`${where}\` differs; draw from its \`rng\`, change no input`,
      );
    const other = await prepared(at, batches.at(-1), createRng(1));
    const form = (batch: Prepared) =>
      Object.fromEntries(Object.entries(batch).map(([name, { dtype, shape }]) => [name, [dtype, shape.length]]));
    const changed = differenceOf(form(opening), form(other), 'batch');
    if (changed !== undefined) fail(`\`prepare\` must give the same names, dtypes and ranks for each batch, \`${changed}\` differs`);
  });
}
