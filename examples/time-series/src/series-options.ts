import { z } from 'zod';

/** The options of the modality. */
export const seriesOptions = z.strictObject({
  windowLength: z.int().min(8).default(128).describe('time steps of a window'),
  windowStride: z.int().min(1).optional().describe('time steps from one window of a recording to the next; default half a window'),
  columns: z.array(z.string().min(1)).min(1).optional().describe('the columns that are channels, by name; default all others'),
  labelColumn: z.string().min(1).optional().describe('the column with the class of each row; default the folder of the file'),
  recordingColumn: z.string().min(1).optional().describe('the column that tells recordings apart; default each file is one'),
});

/** Options of the modality `time-series`. */
export type SeriesOptions = z.output<typeof seriesOptions>;
