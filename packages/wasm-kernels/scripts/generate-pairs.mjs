// Writes assembly/winograd-pairs.ts: the lines of winograd-lines.ts for two vectors side by side, in the order that lets an engine join each pair of
// operations into one: all loads, then all sums, then all stores two by two; coefficients as numbers, their vectors made before a loop: each function does
// `count` lines, since V8 takes nothing out of a loop. Run it after a change of the lines.
// V8 writes the first vector of a pair once more by itself where its store comes first, in case the second is out of bounds: so the second one is stored first.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatted } from './formatted.mjs';

const source = await readFile(new URL('../assembly/winograd-lines.ts', import.meta.url), 'utf8');
const constants = [...source.matchAll(/^(?:export )?const ([A-Z_0-9]+) = constant\((.+)\);$/gm)].map(([, name, value]) => ({
  name,
  value,
}));
const functions = [...source.matchAll(/(\/\*\*.*\*\/\n)\/\/ @inline\nexport function (\w+)\(([^)]*)\): void \{\n([\s\S]*?)\n\}/g)];

/**
 * Lines that are read from a scratch, by the bytes from one operand to the next: as offsets in the instruction. Of a sum in the address the compiler makes such an
 * offset for one vector of a pair and not for the other, and then the engine does not see that they are neighbors.
 */
const units = {
  inputLine: 'CHUNK',
  gradientLine: 'CHUNK',
  filterLine: 'FILTER_CHUNK',
  stridedFilterLine: 'FILTER_CHUNK',
  filterGradientLine: 'FILTER_CHUNK',
  stridedFilterGradientLine: 'FILTER_CHUNK',
};

const written = new Set(functions.map(([, , name]) => name));
for (const [, name] of source.matchAll(/^export function (\w+)/gm)) {
  if (!written.has(name)) throw new Error(`generate-pairs: ${name} lacks a comment of one line, \`// @inline\` or the result void`);
}
for (const name of Object.keys(units)) {
  if (!written.has(name)) throw new Error(`generate-pairs: \`units\` names ${name}, which winograd-lines.ts has not`);
}

function pair([, comment, name, parameters, body]) {
  const vectors = [...parameters.matchAll(/(\w+): v128/g)].map(([, v]) => v);
  const lines = body.split('\n').map((line) => line.trim());
  const names = new Set(vectors);
  const used = constants.filter((c) => new RegExp(`\\b${c.name}\\b`).test(body));
  const other = (text) => text.replace(/\b[A-Za-z]\w*\b/g, (word) => (names.has(word) ? `${word}n` : word));
  const sums = [];
  const stores = [];
  for (const line of lines) {
    const made = /^const (\w+) = (.+);$/.exec(line);
    const stored = /^v128\.store\((to[^,]*), (.+)\);$/.exec(line);
    if (made) {
      names.add(made[1]);
      sums.push(`const ${made[1]} = ${made[2]};`, `const ${made[1]}n = ${other(made[2])};`);
    } else if (stored) {
      const value = `r${stores.length}`;
      sums.push(`const ${value} = ${stored[2]};`, `const ${value}n = ${other(stored[2])};`);
      stores.push(`v128.store(${stored[1]}, ${value}n, 16);`, `v128.store(${stored[1]}, ${value});`);
    } else throw new Error(`generate-pairs: ${name}: what is "${line}"?`);
  }
  const load = (v, from, at) => [
    `const ${v} = v128.load(${from}${at});`,
    `const ${v}n = v128.load(${from}${at === '' ? ', 16' : `${at} + 16`});`,
  ];
  const loads = vectors.flatMap((v) => load(v, `p${v}`, ''));
  const unit = units[name];
  const rowLoads = vectors.flatMap((v, i) => load(v, 's', i === 0 ? '' : `, ${i} * ${unit}`));
  const splats = used.map((c) => `const ${c.name} = f32x4.splat(${c.name}_VALUE);`);
  const whole = (suffix, about, operands, reads) => `
${comment.replace(/\*\/\n$/, `${about} */\n`)}// @inline
export function ${name}${suffix}(${operands.map((p) => `${p}: usize, `).join('')}to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
${splats.map((line) => `  ${line}\n`).join('')}  for (; count > 0; count--) {
${[...reads, ...sums, ...stores, ...operands.map((p) => `${p} += next;`), 'to += toNext;'].map((line) => `    ${line}\n`).join('')}  }
}
`;
  const times = '`count` times, `next` and `toNext` bytes further on each time.';
  const rows = unit === undefined ? '' : whole('Rows', `Two vectors each, ${unit} bytes apart from \`s\` on, ${times}`, ['s'], rowLoads);
  return (
    whole(
      'Pairs',
      `Two vectors each, ${times}`,
      vectors.map((v) => `p${v}`),
      loads,
    ) + rows
  );
}

export const text =
  await formatted(`// Written by scripts/generate-pairs.mjs from winograd-lines.ts: the same lines for two neighboring vectors, operands given by address.
import { scalar } from './constant';
import { madd } from './simd';
import { A, B, CHUNK, FILTER_CHUNK } from './winograd-lines';

${constants.map(({ name, value }) => `export const ${name}_VALUE: f32 = scalar(${value});\n`).join('')}${functions.map(pair).join('')}`);

const file = new URL('../assembly/winograd-pairs.ts', import.meta.url);
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, text);
/** Whether the file holds what this program writes. */
export const isCurrent = async () => (await readFile(file, 'utf8')) === text;
