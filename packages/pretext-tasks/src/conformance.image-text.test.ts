import { createRng, drawUniform } from '@selfsup/core';
import { convNet, projected } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { channels, features, imagesAt, row, smoothEncoder, testRows } from '../fixtures/conformance-rows.ts';
import { tokenStates } from '../fixtures/token-states.ts';
import { clip } from './clip.ts';
import { siglip } from './siglip.ts';

const [rows, length, words, dim] = [4, 4, 7, 5];
const image = projected(Object.assign(smoothEncoder, { outputDim: features }), { outputDim: dim });
const text = tokenStates({ words, width: 3, dim });
/** Images, and texts of two to four tokens. */
const batchAt = (step: number) => {
  const draws = drawUniform(createRng(9).fold(step), rows * (length + 1));
  const masks = Array.from({ length: rows * length }, (_, i) => Number(i % length < 2 + Math.floor(3 * draws[Math.floor(i / length)]!)));
  const ids = masks.map((mask, i) => mask * (1 + Math.floor((words - 1) * draws[rows + i]!)));
  return {
    images: imagesAt(step, { rows }),
    tokenIds: tf.tensor2d(ids, [rows, length], 'int32'),
    attentionMask: tf.tensor2d(masks, [rows, length]),
  };
};
const softer = { temperature: 0.5 };

testRows([
  row('clip', clip({ image, text, ...softer }), { batchAt, afterStepWrites: ['logScale'] }),
  row('clip at its greatest scale, with first tokens', clip({ image, text, temperature: 0.1, maxScale: 2, pooling: 'first' }), {
    batchAt,
    afterStepWrites: ['logScale'],
  }),
  row('siglip', siglip({ image, text, ...softer, bias: -1 }), { batchAt }),
  row(
    'clip on conv-net with batch normalization',
    clip({ image: projected(convNet({ channels, widths: [4] }), { outputDim: dim }), text, ...softer }),
    {
      batchAt,
      afterStepWrites: ['logScale'],
      skip: { ranks: 'batch normalization takes its statistics per rank' },
    },
  ),
]);
