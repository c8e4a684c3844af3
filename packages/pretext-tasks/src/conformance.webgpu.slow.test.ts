// The tasks kit on WebGPU, where tensors can only be read by waiting: a task of two networks, and one with a queue and a teacher.
import { builtinBackends, closeBackends, selectBackend } from '@selfsup/backends';
import { convNet, projectionHead } from '@selfsup/encoders';
import { conformanceChecks } from '@selfsup/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { channels, linearHead, projected, row, smoothEncoder, viewsAt } from '../fixtures/conformance-rows.ts';
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
