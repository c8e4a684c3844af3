import { colorJitter, compose, normalize, randomGrayscale, randomResizedCrop, views } from '@selfsup/augment';
import { adamW } from '@selfsup/optim';
import { defineRun } from 'selfsup';

// A small encoder for a small folder of photographs: one sub-folder per class, of which training sees nothing.
export default defineRun({
  task: 'simclr',
  data: 'photos', // a folder with one sub-folder per class; override it with --data
  imageSize: 64,
  encoder: 'conv-net',
  encoderOptions: { widths: [16, 32, 64, 128] },
  epochs: 60,
  batchSize: 64,
  seed: 0,
  learningRate: 0.003,
  warmupEpochs: 5,
  optimizer: ({ learningRate }) => adamW({ learningRate, weightDecay: 1e-4 }), // gets further than SGD in so few updates
  // larger crops than usual: there are few photographs, and each shows one thing
  views: ({ size, mean, std }) =>
    views(
      compose([
        randomResizedCrop({ size, scale: [0.3, 1], fit: 'clamp', flipProbability: 0.5 }),
        colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
        randomGrayscale(),
        normalize({ mean: [...mean], std: [...std] }),
      ]),
    ),
  knnK: 20, // a class has only 64 training photographs
  probeEvery: 10,
  out: 'runs/clothing',
});
