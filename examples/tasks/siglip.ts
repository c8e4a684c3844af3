// SigLIP: do this image and this text belong together?
// In this repository: node --conditions=@selfsup/source examples/tasks/siglip.ts [steps]
import { normalize } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { captionedShapes, createLoader, toImages } from '@selfsup/data';
import { arrayTexts, imageTextPairs, toTokens, trainWordPiece, wordPieceTokenizer } from '@selfsup/data/text';
import { bert, convNet, projected } from '@selfsup/encoders';
import { siglip } from '@selfsup/pretext-tasks/siglip';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, size, length] = [32, 16, 16];
const { name } = await selectBackend();
console.log(`siglip on ${name}`);

// shapes with sentences such as `a red star on a striped ground`
const images = captionedShapes({ count: steps * batchSize, seed: 0, size });
const tokenizer = wordPieceTokenizer(await trainWordPiece(images.captions, { units: 'words' }));
const pairs = imageTextPairs(images, arrayTexts(images.captions, { tokenizer, length }));

// both encoders lead into one space of 32 columns
const outputDim = 32;
const words = { vocabularySize: tokenizer.vocabularySize, maxPositions: length, dropoutRate: 0, attentionDropoutRate: 0 };
const task = siglip({
  image: projected(convNet({ channels: 3, widths: [8, 16, 32] }), { outputDim }),
  text: projected(bert({ numLayers: 1, width: 32, numHeads: 2, ...words }), { outputDim }),
});
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 2e-3 }), totalSteps: steps, seed: 0 });
const standardize = normalize({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });

await fit(trainer, {
  source: createLoader(pairs, { batchSize, rng: createRng(0).fold('loader') }),
  prepare({ images: pixels, tokens }, { rng }) {
    const { tokenIds, attentionMask } = toTokens(tokens);
    return { images: standardize(toImages(pixels), rng), tokenIds, attentionMask };
  },
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, ${(100 * metrics['accuracy']!).toFixed(0)} % find each other`);
    },
  },
});
trainer.dispose();
