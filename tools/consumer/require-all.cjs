// Copied into the consumer's folder: requires every entry and compares its names with the export snapshot.
const { readFileSync } = require('node:fs');

const snapshot = JSON.parse(readFileSync('snapshot.json', 'utf8'));
for (const [specifier, { values }] of Object.entries(snapshot)) {
  const found = Object.keys(require(specifier))
    .filter((name) => name !== '__esModule')
    .sort();
  if (found.join() !== values.join()) throw new Error(`${specifier} exports ${found.join()} as CJS, expected ${values.join()}`);
}
