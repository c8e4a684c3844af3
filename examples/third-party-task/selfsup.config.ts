import { defineRun } from '@selfsup/pretrain';
import { plugin } from './src/plugin.ts';

// What `npm run train` runs: made-up shapes, so that nothing need be downloaded.
export default defineRun({
  plugins: [plugin],
  task: 'denoising',
  data: 'shapes',
  limit: 1024,
  testLimit: 256,
  encoder: 'conv-net',
  encoderOptions: { widths: [16, 32, 64] },
  epochs: 5,
  batchSize: 64,
  out: 'runs/denoising',
  overwrite: true, // so that it can be run again
});
