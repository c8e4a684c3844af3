import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { tableModality, tinyTable, tinyTableRun, type TableFlaw } from '../../fixtures/table-modality.ts';
import { modalityChecks } from './modality-checks.ts';
import { testModality } from './test-modality.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const badData = { 'no rows': { table: [] }, 'a number': 7 };

/** The failing checks' numbers and messages. */
async function failures(flaw?: TableFlaw): Promise<Record<number, string>> {
  const { modality, plugin, forget } = tableModality(flaw);
  const found: Record<number, string> = {};
  for (const { number, run } of modalityChecks({ modality, plugins: [plugin], data: tinyTable, run: tinyTableRun, badData }))
    await run().catch((error: unknown) => {
      found[number] = (error as Error).message;
    });
  forget();
  return found;
}

describe('modalityChecks', () => {
  it('passes a modality that does everything right', async () => {
    expect(await failures()).toEqual({});
  });

  it.each<[TableFlaw, [number, ...number[]], string]>([
    ['bad-name', [1], '`name` must be kebab-case, such as time-series, got "Table_Rows"'],
    ['option-like-setting', [1], 'the option `epochs` has the name of a setting, of another option or of a function; rename it'],
    ['option-without-words', [2], "the option `corruption` must say what it is with .describe('…')"],
    ['option-changes-in-json', [2], '`options.corruption` is not'],
    ['labels-of-all', [3, 5, 12], '`train.labels` must have one label for each of 24 samples, got 30'],
    ['shared-rows', [3], 'no sample may be in `train` and in `test`'],
    ['input-not-json', [3], '`input` must be what run.json can hold, got input.scale: a Float32Array'],
    ['split-by-chance', [4, 5, 6, 15, 16], '`open` twice with one seed must give the same data, `data.train.labels[0]` differs'],
    [
      'forgets-earlier',
      [4],
      '`open` for a run that is resumed (`context.earlier`) must give the data of the run, `data.input.scale` differs',
    ],
    ['other-samples', [5], "`openSamples` of the run's own data must give the samples of the run, in their order"],
    ['loader-by-chance', [6, 8, 15], 'one seed must give the same batches in each run'],
    ['no-shuffle', [7], 'another seed must give the samples in another order'],
    ['deaf-to-rank', [8], 'two ranks must get different samples, the first batch is the same; heed `rank` and `worldSize`'],
    [
      'views-by-chance',
      [9, 6, 8, 15],
      '`prepare` twice with one raw batch and one `rng` must give the same, `batch.views[0].values[0]` differs',
    ],
    ['nan-views', [9, 15, 16], '`views[0]` of `prepare` must be finite, got NaN'],
    ['nan-features', [10, 5, 15, 16, 17], '`encode` must give finite features, got NaN for sample 0'],
    ['rows-in-own-order', [10], '`encode` must give the samples that are asked for, in that order: 2, 1, 0, got 0, 1, 2'],
    ['encoder-in-training', [10, 5, 12], '`encode` must leave the encoder as it is, it changes `encoder.'],
    ['foreign-encoder', [10, 12], '`encode` must use the encoder that it is given'],
    ['short-show', [11], '`show` must give one item for each of 3 samples, got 2'],
    ['string-labels', [12], '`fineTuning.examples`: labels must be integers in [0, 4), got'],
    ['nan-probe', [13], 'the probe row-count must measure finite numbers, `rows` is NaN'],
    ['type-error', [14], '`open` must throw a SelfsupError that says what is wrong with bad data (no rows), got Cannot read'],
    ['takes-anything', [14], '`open` must refuse bad data (no rows) with a SelfsupError, it takes it'],
    ['state-beside-seed', [15, 6, 8, 9], 'a run that is stopped and resumed must end with the encoder of one that is not, bit for bit'],
    ['leak', [17], '`prepare`, once its batch is disposed, must leave as many tensors as it found, 1 more after it'],
  ])('rejects the flaw %s by the checks %j', async (flaw, [first, ...more], message) => {
    const found = await failures(flaw);
    expect(found[first]).toContain(message);
    expect(Object.keys(found).map(Number)).toEqual([first, ...more].sort((a, b) => a - b));
  });

  it('a skipped check says why and passes', async () => {
    const { modality, plugin } = tableModality('no-shuffle');
    const checks = modalityChecks({ modality, plugins: [plugin], data: tinyTable, run: tinyTableRun, skip: { order: 'read in order' } });
    expect(checks.flatMap(({ number, skipped }) => (skipped === undefined ? [] : [[number, skipped]]))).toEqual([[7, 'read in order']]);
    await expect(checks[6]!.run()).resolves.toBeUndefined();
  });
});

describe('testModality', () => {
  it('names each check that fails', async () => {
    const { modality, plugin } = tableModality('short-show');
    const right = tableModality();
    await testModality({ modality: right.modality, plugins: [right.plugin], data: tinyTable, run: tinyTableRun });
    await expect(testModality({ modality, plugins: [plugin], data: tinyTable, run: tinyTableRun })).rejects.toThrow(
      'testModality: table fails 1 of 17 checks\n- 11 raw input, views, pictures and names fit: `show` must give one item',
    );
  });
});
