// A real run that something happens to in its middle, and how it goes on. No Node in here: a page calls it, too.
import { simclrViews } from '@selfsup/augment';
import { closeBackends } from '@selfsup/backends';
import { isSelfsupError } from '@selfsup/core';
import { memoryStore, pretrain, type RunConfig, type RunStore, type ViewsFunction } from '@selfsup/pretrain';

const TINY: RunConfig = {
  task: 'simclr',
  data: 'shapes',
  imageSize: 12,
  limit: 32,
  testLimit: 8,
  encoder: 'conv-net',
  encoderOptions: { widths: [4, 8] },
  taskOptions: { headOutput: 4 },
  epochs: 2,
  batchSize: 8,
  warmupEpochs: 0,
  probeEvery: 0,
  threads: 1,
};
/** The usual views, and what else is to happen when they are made. */
const viewsWith =
  (happening: () => void): ViewsFunction =>
  ({ height, width, mean, std }) => {
    const make = simclrViews({ preset: 'cifar', size: [height, width], normalize: { mean: [...mean], std: [...std] } });
    return (images, rng) => {
      happening();
      return make(images, rng);
    };
  };

/** What happens to a run. */
export interface Disturbance {
  /** While the step after {@link AT} is made. */
  readonly during?: () => void;
  /** Between the two steps. */
  readonly between?: () => Promise<unknown>;
}

/** After how many steps it happens; the checkpoint is that after 4. */
const AT = 6;

/** The code and the message of an error. */
export const wordsOf = (error: unknown): string => (isSelfsupError(error) ? `${error.code} ${error.message}` : String(error));

/** The losses of a run, whole or up to what ends it. */
async function lossesOf(config: RunConfig, { store = memoryStore(), during, between }: Disturbance & { store?: RunStore } = {}) {
  const losses: number[] = [];
  const views = viewsWith(() => {
    if (losses.length === AT) during?.();
  });
  try {
    for await (const event of pretrain({ ...config, views }, { store })) {
      if (event.type !== 'step') continue;
      losses.push(event.loss);
      if (event.step === AT) await between?.(); // training waits
    }
    return { losses };
  } catch (error) {
    return { losses, error };
  }
}

/** The losses of the tiny run on a backend; rejects with what ends it. */
export async function tinyLosses(backend: string): Promise<readonly number[]> {
  const losses: number[] = [];
  for await (const event of pretrain({ ...TINY, backend, views: viewsWith(() => undefined) }, { store: memoryStore() }))
    if (event.type === 'step') losses.push(event.loss);
  return losses;
}

/**
 * Lets something happen to a run, and resumes it.
 *
 * @param backend what it runs on
 * @param disturbance what happens
 * @param batchSize the smaller forward passes with which it goes on; default the same
 * @returns what the run said, and how it went on
 */
export async function disturbRun(backend: string, disturbance: Disturbance, batchSize?: number): Promise<string> {
  const config = { ...TINY, backend };
  const { losses: expected } = await lossesOf(config);
  const store = memoryStore();
  const { error } = await lossesOf(config, { store, ...disturbance });
  if (error === undefined) return 'nothing was said';
  await closeBackends();
  const resumed = await lossesOf({ resume: true, backend, ...(batchSize !== undefined && { batchSize }) }, { store });
  const same = resumed.losses.every((loss, i) => Math.abs(loss - expected[4 + i]!) < 1e-6);
  const end = resumed.error !== undefined ? `fails: ${wordsOf(resumed.error)}` : resumed.losses.length !== 4 ? `makes ${resumed.losses.length} steps` : batchSize !== undefined ? `makes the same updates in passes of ${batchSize}` : same ? 'has the losses of an undisturbed run' : `has other losses: ${resumed.losses.join(', ')}`; // prettier-ignore
  return `${wordsOf(error)} ⟶ resumed from its checkpoint, the run ${end}`;
}
