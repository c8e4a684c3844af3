import { definePlugin } from '@selfsup/pretrain';
import { csvFiles } from './data/csv-files.ts';
import { memoryRecordings } from './data/memory-recordings.ts';
import { seriesNetEncoder } from './series-encoders.ts';
import { seriesModality } from './series-modality.ts';
import { maskedReconstructionTask } from './tasks/masked-reconstruction-recipe.ts';
import { seriesSimclr } from './tasks/series-simclr.ts';

/** What this package adds to selfsup. */
export const seriesPlugin = definePlugin({
  name: 'selfsup-modality-time-series',
  modalities: [seriesModality],
  encoders: [seriesNetEncoder],
  datasets: [memoryRecordings, csvFiles],
  tasks: [seriesSimclr, maskedReconstructionTask],
});
