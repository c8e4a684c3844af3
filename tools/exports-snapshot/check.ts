// `npm run exports` compares the public names of every entry with snapshot.json; `npm run exports -- --update` writes it.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readJson } from '../workspace/packages.ts';
import { compareExports } from './compare-exports.ts';
import { readExports, type ExportsSnapshot } from './read-exports.ts';

const file = fileURLToPath(new URL('snapshot.json', import.meta.url));
const found = readExports();
const saved = existsSync(file) ? (readJson(file) as ExportsSnapshot) : {};
const changes = compareExports(saved, found);
for (const line of changes) console.log(line);
if (process.argv.includes('--update')) {
  writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
  console.log(`exports: snapshot written, ${changes.length} changes`);
} else if (changes.length > 0) {
  console.error(`exports: ${changes.length} changes. If they are meant: npm run exports -- --update, and a changeset for the users.`);
  process.exitCode = 1;
} else {
  console.log(`exports: ${Object.keys(found).length} entries as in the snapshot`);
}
