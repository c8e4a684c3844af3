import { defineRun } from '@selfsup/pretrain';
import { plugin } from './src/plugin.ts';

// What `npm run train` runs: a few made-up sentences, so that nothing need be downloaded. Put your own text files in their place.
export default defineRun({
  plugins: [plugin],
  task: '{{name}}',
  taskOptions: { replaceRate: 0.3 },
  data: 'example/sentences.txt',
  documents: 'blank-line',
  vocabularySize: 200,
  length: 32,
  encoder: 'bert-tiny',
  epochs: 10,
  batchSize: 16,
  biasCorrection: true, // in so few updates the first ones count
  probeEvery: 5,
  out: 'runs/{{name}}',
  overwrite: true, // so that it can be run again
});
