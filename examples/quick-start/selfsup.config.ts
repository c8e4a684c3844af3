import { defineRun } from 'selfsup';

// What `npm start` runs: SimCLR on made-up shapes, small enough for a laptop and no download.
export default defineRun({
  task: 'simclr',
  data: 'shapes',
  limit: 4000,
  testLimit: 1000,
  encoder: 'conv-net',
  encoderOptions: { widths: [16, 32, 64, 128] },
  epochs: 12,
  batchSize: 128,
  learningRate: 0.12,
  seed: 0,
  maxSeconds: 110,
  out: 'runs/quick-start',
  overwrite: true, // so that it can be run again
});
