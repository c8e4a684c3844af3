// `npm run exports` compares the public names and declarations of every entry with the snapshots; `npm run exports -- --update` writes them.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from '../workspace/packages.ts';
import { compareApi } from './compare-api.ts';
import { compareExports } from './compare-exports.ts';
import { openEntries } from './open-entries.ts';
import { readApi } from './read-api.ts';
import { readExports, type ExportsSnapshot } from './read-exports.ts';

const namesFile = fileURLToPath(new URL('snapshot.json', import.meta.url));
const apiFolder = fileURLToPath(new URL('api/', import.meta.url));
const update = process.argv.includes('--update');
const entries = openEntries();
const names = readExports(entries);
const api = await readApi(entries);

const readText = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const gone = existsSync(apiFolder) ? readdirSync(apiFolder).filter((file) => !api.has(file.replace(/\.md$/, ''))) : [];
const changes = [
  ...compareExports(existsSync(namesFile) ? (readJson(namesFile) as ExportsSnapshot) : {}, names),
  ...[...api].flatMap(([folder, text]) => compareApi(readText(join(apiFolder, `${folder}.md`)), text)),
  ...gone.map((file) => `api/${file}: there is no such package`),
];
for (const line of changes) console.log(line);
if (update) {
  mkdirSync(apiFolder, { recursive: true });
  writeFileSync(namesFile, `${JSON.stringify(names, null, 2)}\n`);
  for (const [folder, text] of api) writeFileSync(join(apiFolder, `${folder}.md`), text);
  for (const file of gone) rmSync(join(apiFolder, file));
  console.log(`exports: snapshots written, ${changes.length} changes`);
} else if (changes.length > 0) {
  console.error(`exports: ${changes.length} changes. If they are meant: npm run exports -- --update, and a changeset for the users.`);
  process.exitCode = 1;
} else {
  console.log(`exports: ${Object.keys(names).length} entries as in the snapshots`);
}
