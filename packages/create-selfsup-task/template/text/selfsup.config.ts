import { defineRun } from '@selfsup/pretrain';
import { plugin } from './src/plugin.ts';

// What `npm run train` runs: a few made-up sentences, so that nothing need be downloaded. Put your own text files in their place.
export default defineRun({
  plugins: [plugin],
  task: '{{name}}',
  data: 'example/sentences.txt',
  documents: 'blank-line',
  vocabularySize: 200,
  length: 32,
  encoder: 'bert-tiny',
  epochs: 3,
  batchSize: 16,
  out: 'runs/{{name}}',
  overwrite: true, // so that it can be run again
});
