// Compiles assembly/ into assets/: plain, relaxed and wide SIMD, each for a private and for a shared memory.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { isCurrent as pairsAreCurrent } from './generate-pairs.mjs';
import { isCurrent as tilesAreCurrent } from './generate-tiles.mjs';
import { isCurrent as wideIsCurrent } from './generate-wide.mjs';
import { exportTypes } from './export-types.mjs';

const root = new URL('..', import.meta.url);
const PLAIN = ['--enable', 'simd'];
const RELAXED = [...PLAIN, '--enable', 'relaxed-simd'];
// 6 × 16 tiles for engines that join pairs of vectors (assembly/tile-shape.ts)
const WIDE = [...RELAXED, '--use', 'WIDE=v128'];
const SHARED = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];
const builds = {
  'kernels.wasm': PLAIN,
  'kernels.relaxed.wasm': RELAXED,
  'kernels.shared.wasm': [...PLAIN, ...SHARED],
  'kernels.relaxed.shared.wasm': [...RELAXED, ...SHARED],
  'kernels.wide.wasm': WIDE,
  'kernels.wide.shared.wasm': [...WIDE, ...SHARED],
};

/**
 * A source as the compiler wants it. `// @inline` on a line of its own stands for AssemblyScript's decorator, which is no TypeScript before a function: so
 * that formatter, linter and editor read the files.
 */
const readSource = async (path, base) => {
  const text = await readFile(new URL(path, new URL(`${base}/`, root)), 'utf8').catch(() => null);
  return text?.replace(/^\/\/ @inline$/gm, '@inline') ?? null;
};

/** Neither data nor a heap of our own may land in a memory that belongs to somebody else. */
async function assertNoData(name, binary) {
  const module = await WebAssembly.compile(binary).catch(() => undefined); // undefined: this Node lacks relaxed SIMD
  let at = 8;
  while (at < binary.length) {
    const section = binary[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (section === 11) throw new Error(`build-assets: ${name} has a data section`);
    at += size;
  }
  if (module !== undefined) {
    const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
    if (imports.join() !== 'env.memory') throw new Error(`build-assets: ${name} imports ${imports.join()}, expected env.memory alone`);
  }
}

/** The TypeScript side learns what the kernels take from the compiler. A build writes the file; in CI an old one is an error. */
async function updateTypes(declarations) {
  const file = new URL('src/kernel-exports.ts', root);
  const text = await exportTypes(declarations);
  if ((await readFile(file, 'utf8')) === text) return;
  if (process.env.CI)
    throw new Error('build-assets: src/kernel-exports.ts is old; run `npx nx run @selfsup/wasm-kernels:build:assets` and commit it');
  await writeFile(file, text);
}

if (!(await tilesAreCurrent())) throw new Error('build-assets: assembly/micro.ts is old; run `node scripts/generate-tiles.mjs`');
if (!(await pairsAreCurrent())) throw new Error('build-assets: assembly/winograd-pairs.ts is old; run `node scripts/generate-pairs.mjs`');
if (!(await wideIsCurrent())) throw new Error('build-assets: assembly/exp-wide.ts is old; run `node scripts/generate-wide.mjs`');
await mkdir(new URL('assets/', root), { recursive: true });
for (const [name, flags] of Object.entries(builds)) {
  const files = new Map();
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      '--outFile',
      'out.wasm',
      '--runtime',
      'stub',
      '--importMemory',
      '--noExportMemory',
      '-O3',
      '--noAssert',
      '--initialMemory',
      '1',
      '--bindings',
      'raw',
      ...flags,
    ],
    {
      readFile: readSource,
      writeFile: (path, content) => files.set(path, content),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`build-assets: ${name}\n${stderr.toString()}`);
  if (name === 'kernels.wasm') await updateTypes(files.get('out.d.ts'));
  const binary = files.get('out.wasm');
  await assertNoData(name, binary);
  await writeFile(new URL(`assets/${name}`, root), binary);
  console.log(`${fileURLToPath(new URL(`assets/${name}`, root))}  ${binary.length} bytes`);
}
