// Writes made-up recordings, one CSV file each, in folders of activities: npm -w examples/time-series run make-data -- [folder] [seed]
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeRecordings } from './src/data/activities.ts';

const [folder = 'data/activities', seed = '0'] = process.argv.slice(2);
const { channelNames, recordings } = makeRecordings({ seed: Number(seed) });
for (const { id, values } of recordings) {
  const rows = Array.from({ length: values.length / channelNames.length }, (_, t) =>
    Array.from(values.subarray(t * channelNames.length, (t + 1) * channelNames.length), (value) => value.toFixed(3)).join(','),
  );
  const path = join(folder, id);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${channelNames.join(',')}\n${rows.join('\n')}\n`);
}
console.log(`${recordings.length} recordings in ${folder}`);
