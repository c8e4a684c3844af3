import { colorJitter, compose, normalize, randomGrayscale, randomResizedCrop, views } from '@selfsup/augment';
import { adamW } from '@selfsup/optim';
import { defineRun } from 'selfsup';

// What `npm start` runs: SimCLR on made-up shapes, small enough for a laptop and no download.
export default defineRun({
  task: 'simclr',
  data: 'shapes',
  limit: 4000,
  testLimit: 1000,
  encoder: 'conv-net',
  encoderOptions: { widths: [16, 32, 64, 128] },
  // kernels from the patches of the images, and features from what three layers see in several places: both cost seconds
  start: 'patches',
  readout: 'pyramid',
  readoutOptions: { flip: false },
  taskOptions: { headOutput: 64 },
  epochs: 5,
  batchSize: 64,
  probeEvery: 3,
  seed: 0,
  learningRate: 0.003,
  weightDecay: 1e-4,
  warmupEpochs: 1,
  // Adam gets further than SGD in so few updates
  optimizer: ({ learningRate }) => adamW({ learningRate, weightDecay: 1e-4 }),
  // color and brightness tell nothing about a shape, so the views differ in them a lot
  views: ({ size, mean, std }) =>
    views(
      compose([
        randomResizedCrop({ size, scale: [0.2, 1], fit: 'clamp', flipProbability: 0.5 }),
        colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, probability: 1, order: ['brightness', 'contrast', 'saturation'] }),
        randomGrayscale({ probability: 0.5 }),
        normalize({ mean: [...mean], std: [...std] }),
      ]),
    ),
  maxSeconds: 110,
  out: 'runs/quick-start',
  overwrite: true, // so that it can be run again
});
