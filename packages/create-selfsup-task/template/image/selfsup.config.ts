import { defineRun } from '@selfsup/pretrain';
import { plugin } from './src/plugin.ts';

// What `npm run train` runs: made-up shapes, so that nothing need be downloaded. Put a folder of photos, or cifar-10, in their place.
export default defineRun({
  plugins: [plugin],
  task: '{{name}}',
  data: 'shapes',
  limit: 1024,
  testLimit: 256,
  encoder: 'conv-net',
  encoderOptions: { widths: [16, 32, 64] },
  epochs: 3,
  batchSize: 64,
  out: 'runs/{{name}}',
  overwrite: true, // so that it can be run again
});
