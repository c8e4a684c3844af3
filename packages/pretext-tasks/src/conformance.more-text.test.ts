import { corruptSpans, deleteTokens } from '@selfsup/augment';
import { bert, bertDecoder, linear, maskedLanguageHead } from '@selfsup/encoders';
import { row, testRows } from '../fixtures/conformance-rows.ts';
import { begin, end, length, mask, padding, tinyBatch, vocabularySize } from '../fixtures/tiny-text.ts';
import { simCse } from './sim-cse.ts';
import { spanCorruption } from './span-corruption.ts';
import { tsdae } from './tsdae.ts';

const [width, specialIds] = [8, [padding, begin, end, mask]];
const backbone = (dropoutRate = 0.1) =>
  bert({ numLayers: 1, width, numHeads: 2, vocabularySize, maxPositions: length, dropoutRate, attentionDropoutRate: dropoutRate });
const head = maskedLanguageHead({ width, vocabularySize });
const batch = { batchAt: (step: number) => tinyBatch(step, 4), gradientSamples: 0 };
testRows([
  // without dropout, so that ranks and micro-batches can be compared
  row(
    'sim-cse',
    simCse({
      backbone: backbone(0),
      projectionHead: linear({ inputDim: width, outputDim: width }),
      pooling: 'mean',
      temperature: 0.2,
    }),
    batch,
  ),
  row(
    'tsdae',
    tsdae({
      backbone: backbone(),
      decoder: bertDecoder({ memory: 'vector', tied: true }),
      head,
      deletion: deleteTokens({ specialIds }),
    }),
    { ...batch },
  ),
  row(
    'span-corruption',
    spanCorruption({
      backbone: backbone(),
      decoder: bertDecoder(),
      head,
      corruption: corruptSpans({ sentinelIds: [4, 5], startId: begin, endId: end, specialIds, noiseDensity: 0.3 }),
    }),
    { ...batch },
  ),
]);
