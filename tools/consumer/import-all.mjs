// Copied into the consumer's folder: imports every entry and compares its names with the export snapshot.
import { readFileSync } from 'node:fs';

const snapshot = JSON.parse(readFileSync('snapshot.json', 'utf8'));
for (const [specifier, { values }] of Object.entries(snapshot)) {
  const found = Object.keys(await import(specifier)).sort();
  if (found.join() !== values.join()) throw new Error(`${specifier} exports ${found.join()} as ESM, expected ${values.join()}`);
}
