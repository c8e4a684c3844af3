// Writes assembly/exp-wide.ts: the functions of exp.ts and gelu.ts with their coefficients as vectors made from numbers, which an engine can join for two
// neighboring vectors; it cannot join vectors that are globals. Run it after a change of those files.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatted } from './formatted.mjs';

const read = (name) => readFile(new URL(`../assembly/${name}`, import.meta.url), 'utf8');
const source = `${await read('exp.ts')}${await read('gelu.ts')}`;
const shared = [...(await read('constant.ts')).matchAll(/^export const ([A-Z]+) = constant\((.+?)\);/gm)];
const constants = [...shared, ...source.matchAll(/^const ([A-Z_0-9]+) = constant\((.+?)\);/gm)].map(([, name, value]) => ({ name, value }));
const functions = [
  ...source.matchAll(/((?:\/\*\*.*\*\/\n)?)\/\/ @inline\n((?:export )?)function (\w+)\(([^)]*)\): v128 \{\n([\s\S]*?)\n\}/g),
];
const names = new Set(functions.map(([, , , name]) => name));

/** The coefficients that a function and those it calls need. */
function needs(name) {
  const [, , , , , body] = functions.find((f) => f[3] === name);
  const own = constants.filter((c) => new RegExp(`\\b${c.name}\\b`).test(body)).map((c) => c.name);
  const called = [...body.matchAll(/\b(\w+)\(/g)].map(([, word]) => word).filter((word) => names.has(word));
  return new Set([...own, ...called.flatMap((word) => [...needs(word)])]);
}

/** One vector; coefficients come in from outside, so that reading them does not stand between the vectors of a pair. */
function wide([, comment, , name, parameters, body]) {
  const taken = [...needs(name)].map((c) => `${c}: v128`);
  let calls = body;
  for (const called of names)
    calls = calls.replaceAll(new RegExp(`\\b${called}\\(`, 'g'), `${called}Wide(${[...needs(called)].map((c) => `${c}, `).join('')}`);
  return `\n${comment}// @inline\nfunction ${name}Wide(${[...taken, parameters].join(', ')}): v128 {\n${calls}\n}\n`;
}

/**
 * f of vectors from memory to memory, two at a time, for as many whole pairs as lie before `end`. The coefficients are made before the loop: in it, each
 * would be a shuffle for every pair. `more` are parameters, `before` and `after` what is done with the argument and the result (of vector i).
 */
function run({ name, as = name, more = '', passed = '', before = (x) => x, after = (y) => y, loads = '', sums = false, keeps = true }) {
  const taken = [...needs(name)];
  return `
/** ${as} of the pairs of vectors from x to \`end\`${sums ? '; returns the sum, to which all are added' : ''}${keeps ? '' : '; the 32 bytes at to take each pair'}. */
export function ${as}Run(x: usize, end: usize, to: usize${more}): ${sums ? 'v128' : 'void'} {
${taken.map((c) => `  const ${c} = f32x4.splat(${c}_VALUE);\n`).join('')}
  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    ${loads}
    const fa = ${name}Wide(${taken.join(', ')}, ${before('a')}${passed});
    const fb = ${name}Wide(${taken.join(', ')}, ${before('b')}${passed});
    const ra = ${after('fa', 'a')};
    const rb = ${after('fb', 'b')};
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    ${keeps ? 'to += 32;' : ''}
    ${sums ? 'sum = f32x4.add(f32x4.add(sum, ra), rb);' : ''}
  }
${sums ? '  return sum;\n' : ''}}
`;
}
const shifted = (x) => `f32x4.sub(${x}, shift)`;
const byGradient = {
  more: ', dy: usize',
  loads: 'const ga = v128.load(dy);\n    const gb = v128.load(dy, 16);\n    dy += 32;',
  after: (y, vector) => `f32x4.mul(${y}, g${vector})`,
};
const runs = [
  { name: 'expv' },
  { name: 'erfv' },
  { name: 'tanhv' },
  { name: 'gelu', passed: ', false' },
  { name: 'gelu', as: 'geluTanh', passed: ', true' },
  { name: 'geluSlope', as: 'geluGrad', passed: ', false', ...byGradient },
  { name: 'geluSlope', as: 'geluTanhGrad', passed: ', true', ...byGradient },
  { name: 'expNegative', as: 'expShifted', more: ', shift: v128, sum: v128', before: shifted, sums: true },
  // An engine joins operations whose results are stored in pairs.
  { name: 'expNegative', as: 'expShiftedSum', more: ', shift: v128, sum: v128', before: shifted, sums: true, keeps: false },
  {
    name: 'expNegative',
    as: 'expShiftedTimes',
    more: ', shift: v128, factor: v128',
    before: shifted,
    after: (y) => `f32x4.mul(${y}, factor)`,
  },
];

/** Those functions, and those they call. */
function reached(name) {
  const [, , , , , body] = functions.find((f) => f[3] === name);
  return [name, ...[...names].filter((called) => new RegExp(`\\b${called}\\(`).test(body)).flatMap(reached)];
}
const used = new Set(runs.flatMap(({ name }) => reached(name)));
const coefficients = new Set(runs.flatMap(({ name }) => [...needs(name)]));

const text =
  await formatted(`// Written by scripts/generate-wide.mjs from exp.ts and gelu.ts: the same functions with coefficients that can be joined for two neighboring vectors.
import { scalar } from './constant';
import { madd } from './simd';

${constants
  .filter(({ name }) => coefficients.has(name))
  .map(({ name, value }) => `const ${name}_VALUE: f32 = scalar(${value});\n`)
  .join('')}${functions
    .filter(([, , , name]) => used.has(name))
    .map(wide)
    .join('')}${runs.map(run).join('')}`);

const file = new URL('../assembly/exp-wide.ts', import.meta.url);
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, text);
/** Whether the file holds what this program writes. */
export const isCurrent = async () => (await readFile(file, 'utf8')) === text;
