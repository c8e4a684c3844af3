import { SelfsupError } from '@selfsup/core';
import type { DatasetOpener } from '@selfsup/pretrain';
import type { OpenedRecordings } from './recordings.ts';

const isRecordings = (data: unknown): data is Partial<OpenedRecordings> =>
  typeof data === 'object' && data !== null && Array.isArray((data as Partial<OpenedRecordings>).recordings);

/** Opens {@link OpenedRecordings} in memory, for web pages and tests. */
export const memoryRecordings: DatasetOpener<OpenedRecordings> = {
  name: 'recordings in memory',
  modality: 'time-series',
  accepts: isRecordings,
  open(data) {
    const { name = 'recordings', channelNames = [], recordings = [], skipped = [] } = data as Partial<OpenedRecordings>;
    const channels = channelNames.length;
    if (channels === 0 || recordings.length === 0)
      throw new SelfsupError('SELFSUP_DATA', `${name} must have \`channelNames\` and at least one recording in \`recordings\``);
    for (const { id, values } of recordings) {
      if (!(values instanceof Float32Array) || values.length % channels !== 0)
        throw new SelfsupError('SELFSUP_DATA', `${name}: \`values\` of ${id} must be a Float32Array of ${channels} numbers per time step`);
      const wrong = values.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0)
        throw new SelfsupError(
          'SELFSUP_DATA',
          `${name}: \`values\` of ${id} must be finite, got ${values[wrong]!} at ${wrong}; fill gaps, or cut the recording there`,
        );
    }
    return Promise.resolve({ name, channelNames, recordings, skipped });
  },
};
