import { colorJitter, compose, normalize, randomGrayscale, randomResizedCrop, views } from '@selfsup/augment';
import { defineRun } from 'selfsup';

// A recipe for small images that PyTorch programs can share to the letter: every number that matters is written out.
export default defineRun({
  task: 'simclr',
  data: 'fashion-mnist', // the folder with the four files, as published; override it with --data
  limit: 10_000,
  testLimit: 2000,
  encoder: 'conv-net',
  encoderOptions: { widths: [32, 64, 128, 256] },
  epochs: 10,
  batchSize: 256,
  seed: 0,
  taskOptions: { temperature: 0.2, headOutput: 64 }, // a head of 256 → 256 → 64, no batch normalization
  learningRate: 0.12, // 0.06 per 128 images
  momentum: 0.9,
  weightDecay: 5e-4,
  warmupEpochs: 2,
  views: ({ size, mean, std, channels }) =>
    views(
      compose([
        randomResizedCrop({ size, scale: [0.2, 1], fit: 'clamp', flipProbability: 0.5, antialias: false }),
        // one draw decides for an image whether any of these happen; their order is fixed and there is no hue
        channels === 3
          ? colorJitter({
              brightness: 0.4,
              contrast: 0.4,
              saturation: 0.4,
              probability: 0.8,
              order: ['brightness', 'contrast', 'saturation'],
            })
          : colorJitter({ brightness: 0.4, contrast: 0.4, probability: 0.8, order: ['brightness', 'contrast'] }),
        ...(channels === 3 ? [randomGrayscale({ probability: 0.2 })] : []),
        normalize({ mean: [...mean], std: [...std] }),
      ]),
    ),
  out: 'runs/fashion-mnist',
});
