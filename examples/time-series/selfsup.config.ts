import { defineRun } from '@selfsup/pretrain';
import { seriesPlugin } from './src/series-plugin.ts';

// SimCLR on made-up recordings of an accelerometer; `npm run make-data` writes them.
export default defineRun({
  plugins: [seriesPlugin],
  task: 'series-simclr',
  taskOptions: { rotation: 60 }, // how the sensor sits says nothing about what somebody does
  data: 'data/activities', // override it with --data
  windowLength: 128, // 2.56 s of 50 measurements per second
  epochs: 20,
  seed: 0,
  out: 'runs/series-simclr',
});
