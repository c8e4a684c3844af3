// The tasks kit on WebGPU, where tensors can only be read by waiting: a task of two networks, one with a queue and a teacher, one of masked images.
import { maskPatches } from '@selfsup/augment';
import { builtinBackends, closeBackends, selectBackend } from '@selfsup/backends';
import { convNet, maeDecoder, projectionHead, vit } from '@selfsup/encoders';
import { conformanceChecks } from '@selfsup/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { channels, features, imagesAt, linearHead, projected, row, side, smoothEncoder, viewsAt } from '../fixtures/conformance-rows.ts';
import { mae } from './mae.ts';
import { moco } from './moco.ts';
import { simclr } from './simclr.ts';

const against = await builtinBackends.find(({ name }) => name === 'webgpu')!.reasonToSkip!({});
/** Why there is no adapter, not even a simulated one. */
const absent = against?.includes('simulates a GPU on the processor') ? undefined : against;

const normalized = {
  backbone: convNet({ channels, widths: [4] }),
  projectionHead: projectionHead({ inputDim: 4, hiddenDim: 5, outputDim: projected }),
};
const backends = ['webgpu', 'cpu'];
const rows = [
  row('simclr with batch normalization', simclr(normalized), {
    batchAt: (step) => viewsAt(step, { rows: 6 }),
    skip: { ranks: 'batch normalization takes its statistics per rank' },
    backends,
  }),
  row(
    'moco',
    moco({ backbone: smoothEncoder, projectionHead: linearHead, outputDim: projected, queueSize: 10, shuffleGroups: 1, momentum: 0.9 }),
    { batchAt: viewsAt, backends },
  ),
  row(
    'mae',
    mae({
      backbone: vit({ imageSize: side, patchSize: 2, channels, numLayers: 1, width: features, numHeads: 2 }),
      decoder: maeDecoder({ inputDim: features, gridSize: 2, patchSize: 2, channels, width: 4, numLayers: 1, numHeads: 1 }),
      masking: maskPatches({ gridSize: 2, maskRatio: 0.5 }),
    }),
    { batchAt: (step) => ({ images: imagesAt(step) }), gradientSamples: 0, skip: { ranks: 'every rank draws masks of its own' }, backends },
  ),
];

describe.skipIf(absent)(`the tasks kit on webgpu${absent === undefined ? '' : ` (left out: ${absent})`}`, () => {
  beforeAll(async () => {
    await selectBackend({ prefer: 'webgpu' });
  }, 60_000);
  afterAll(closeBackends);
  describe.each(rows)('%s', (_, options) => {
    for (const { name, run, skipped } of conformanceChecks(options)) it.skipIf(skipped !== undefined)(name, run, 300_000);
  });
});
