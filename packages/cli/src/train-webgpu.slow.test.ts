import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinBackends } from '@selfsup/backends';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed, type Line } from '../fixtures/run-command.ts';
import { writeTinyCorpus } from '../fixtures/tiny-text.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-webgpu-'));
const at = (name: string) => join(root, name);
beforeAll(() => {
  process.env['XDG_CACHE_HOME'] = at('cache');
  writeTinyCorpus(at('corpus'));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(root, { recursive: true });
});

const against = await builtinBackends.find(({ name }) => name === 'webgpu')!.reasonToSkip!({});
/** Why there is no adapter, not even a simulated one. */
const absent = against?.includes('simulates a GPU on the processor') ? undefined : against;

const images =
  '--task simclr --data shapes --image-size 16 --encoder conv-net --encoder-option widths=[4,8] --head-output 8 --limit 10 --test-limit 4';
const text =
  '--documents blank-line --test-fraction 0.05 --vocabulary-size 120 --length 16 --limit 10 --test-limit 4 --learning-rate 0.004';
const runs: Readonly<Record<string, readonly string[]>> = {
  'SimCLR of conv-net': images.split(' '),
  'masked language of bert-tiny': ['--task', 'masked-language', '--encoder', 'bert-tiny', '--data', at('corpus'), ...text.split(' ')],
};

describe.skipIf(absent)(`selfsup train --backend webgpu${absent === undefined ? '' : ` (left out: ${absent})`}`, () => {
  it.each(Object.entries(runs))(
    '%s has the losses of wasm, within 1e-3',
    async (name, flags) => {
      const rest = ['--batch-size', '5', '--epochs', '1', '--warmup-epochs', '0', '--probe-every', '0', '--no-report'];
      const train = async (backend: string): Promise<Line> =>
        (await succeed('train', ...flags, ...rest, '--backend', backend, '--out', at(`${name} ${backend}`))).result;
      const [wasm, webgpu] = [await train('wasm'), await train('webgpu')];
      expect([wasm['backend'], webgpu['backend'], webgpu['steps']]).toEqual(['wasm', 'webgpu', wasm['steps']]);
      for (const key of ['lastLoss', 'lastEpochLoss']) {
        expect(wasm[key]).toBeGreaterThan(1);
        expect(Math.abs((webgpu[key] as number) - (wasm[key] as number))).toBeLessThan(1e-3);
      }
    },
    600_000,
  );
});
