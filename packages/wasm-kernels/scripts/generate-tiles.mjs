// Writes assembly/micro.ts: the register tiles, whose accumulators have to be variables of their own. Run it after a change; build-assets.mjs refuses another text.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatted } from './formatted.mjs';

const ROWS = 6;
const rows = Array.from({ length: ROWS }, (_, r) => r);

/** One tile of ROWS rows × `vectors` vectors of four columns. */
function tile(vectors) {
  const columns = Array.from({ length: vectors }, (_, v) => v);
  const at = (base, offset) => (offset === 0 ? base : `${base}, ${offset}`);
  const lines = (depth, list) => list.map((line) => `${'  '.repeat(depth)}${line}\n`).join('');
  const each = (depth, line) =>
    lines(
      depth,
      rows.flatMap((r) => columns.map((v) => line(r, v, `c${r}${v}`))),
    );
  const declare = lines(1, [...rows.map((r) => `let ${columns.map((v) => `c${r}${v} = ZERO`).join(', ')};`)]).replaceAll(
    'ZERO',
    'f32x4.splat(0)',
  );
  const loadB = lines(
    3,
    columns.map((v) => `const b${v} = v128.load(${at('b', v * 16)});`),
  );
  const multiply = (depth, address) =>
    lines(
      depth,
      rows.flatMap((r) => [
        `${r === 0 ? 'let a' : 'a'} = v128.load_splat<f32>(${address(r)});`,
        ...columns.map((v) => `c${r}${v} = madd(a, b${v}, c${r}${v});`),
      ]),
    );
  const bytes = vectors * 16;
  // All activations in one branch, then all stores: what an engine can join in pairs.
  const finish =
    `  if (init != 0) {\n` +
    lines(
      2,
      columns.map((v) => `const i${v} = v128.load(${at('init', v * 16)});`),
    ) +
    each(2, (r, v, c) => `${c} = f32x4.add(${c}, i${v});`) +
    `  } else {\n` +
    each(2, (r, v, c) => `${c} = f32x4.add(${c}, v128.load(${at(`o${r}`, v * 16)}));`) +
    `  }\n  if (act != 0) {\n    const zero = f32x4.splat(0);\n` +
    each(2, (r, v, c) => `${c} = f32x4.max(${c}, zero);`) +
    `    if (act == 2) {\n      const six = f32x4.splat(6);\n` +
    each(3, (r, v, c) => `${c} = f32x4.min(${c}, six);`) +
    `    }\n  }\n` +
    // the second of a pair first: see generate-pairs.mjs
    lines(
      1,
      rows.flatMap((r) => columns.toReversed().map((v) => `v128.store(o${r}, c${r}${v}${v === 0 ? '' : `, ${v * 16}`});`)),
    );
  return `
function tileRows${vectors * 4}(tab: usize, tabStride: usize, taps: i32, kOffset: usize, kc: i32, b: usize, init: usize, out: usize, outOffset: usize, act: i32): void {
${declare}  const span = <usize>kc * ${bytes};
  for (let t = 0; t < taps; t++) {
${lines(
  2,
  rows.map((r) => `let p${r} = load<usize>(${at('tab', r * 4)}) + kOffset;`),
)}    tab += tabStride;
    const end = b + span;
    while (b != end) {
${loadB}${multiply(3, (r) => `p${r}`)}      b += ${bytes};
${lines(
  3,
  rows.map((r) => `p${r} += 4;`),
)}    }
  }
${lines(
  1,
  rows.map((r) => `const o${r} = load<usize>(${at('out', r * 4)}) + outOffset;`),
)}${finish}}

function tileColumns${vectors * 4}(a6: usize, lda: usize, count: i32, b: usize, ldb: usize, init: usize, c: usize, ldc: usize, act: i32): void {
${declare}  const end = b + <usize>count * ldb;
  while (b != end) {
${loadB.replace(/^ {2}/gm, '')}${multiply(2, (r) => at('a6', r * 4))}    b += ldb;
    a6 += lda;
  }
  const o0 = c;
${lines(
  1,
  rows.slice(1).map((r) => `const o${r} = o${r - 1} + ldc;`),
)}${finish}}
`;
}

export const text = await formatted(`// Written by scripts/generate-tiles.mjs.
// Register tiles of 6 rows: 6 × 8 columns fill 15 of the 16 vector registers that V8 uses with 12 accumulators, two vectors of B and one broadcast of A;
// 6 × 16 do the same where pairs of vectors become one. The loops over k are deliberately not unrolled: unrolling makes the compiler spill accumulators.
import { madd } from './simd';
import { PANEL } from './tile-shape';

/**
 * rows x panel: six row pointers per tap, taken from \`tab\` (taps are \`tabStride\` bytes apart), each row contiguous over k.
 * \`init\` points to the values that are added to the panel's columns (a bias, zeros), or is 0 to add to what the output holds. Sums start at zero, which
 * keeps their rounding error small.
 * The six output rows come from \`out\`, shifted by \`outOffset\` bytes. \`columns\` is PANEL or, for a narrow last panel, HALF_PANEL.
 */
export function tileRows(columns: i32, tab: usize, tabStride: usize, taps: i32, kOffset: usize, kc: i32, b: usize, init: usize, out: usize, outOffset: usize, act: i32): void {
  if (PANEL == 16 && columns == 16) tileRows16(tab, tabStride, taps, kOffset, kc, b, init, out, outOffset, act);
  else tileRows8(tab, tabStride, taps, kOffset, kc, b, init, out, outOffset, act);
}

/**
 * columns x panel (A transposed): for each k six values of A, \`lda\` bytes apart, and a row of B, \`ldb\` bytes apart.
 * Output row i is at \`c + i * ldc\`. \`columns\` and \`init\` as in tileRows.
 */
export function tileColumns(columns: i32, a6: usize, lda: usize, count: i32, b: usize, ldb: usize, init: usize, c: usize, ldc: usize, act: i32): void {
  if (PANEL == 16 && columns == 16) tileColumns16(a6, lda, count, b, ldb, init, c, ldc, act);
  else tileColumns8(a6, lda, count, b, ldb, init, c, ldc, act);
}
${tile(2)}${tile(4)}`);

const file = new URL('../assembly/micro.ts', import.meta.url);
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, text);
/** Whether the file holds what this program writes. */
export const isCurrent = async () => (await readFile(file, 'utf8')) === text;
