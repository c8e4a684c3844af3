// `npm run bench:kernels`: the training kernels, a column for each build and number of threads, beside those of stock tfjs-backend-wasm.
//   --set LIST (of products, convolutions, operations, single; default all)  --only TEXT
//   --builds LIST (default: those of this engine, of plain, relaxed, wide)  --threads LIST (default 1,2 where there are two cores)
//   --no-winograd  --json
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import { registerTrainingKernels, type SimdBuild } from '@selfsup/wasm-kernels';
import { convolutionCases } from './kernels/convolution-cases.ts';
import { copyBandwidth } from './kernels/copy-bandwidth.ts';
import { measureLimits, type MachineLimits } from './kernels/machine-limits.ts';
import { matmulCases } from './kernels/matmul-cases.ts';
import { rateOf } from './kernels/measure.ts';
import { operationCases } from './kernels/operation-cases.ts';
import { singleCases } from './kernels/single-cases.ts';

const { values: options } = parseArgs({
  options: {
    set: { type: 'string', default: 'products,convolutions,operations,single' },
    only: { type: 'string', default: '' },
    builds: { type: 'string' },
    threads: { type: 'string' },
    'no-winograd': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const fail = (message: string): never => {
  console.error(`bench:kernels: ${message}`);
  process.exit(2);
};
const BUILDS: readonly SimdBuild[] = ['plain', 'relaxed', 'wide'];
const asBuild = (name: string): SimdBuild =>
  BUILDS.find((build) => build === name) ?? fail(`--builds must be of ${BUILDS.join(', ')}, got ${name}`);
const asCount = (text: string): number =>
  Number.isSafeInteger(Number(text)) && Number(text) > 0 ? Number(text) : fail(`--threads must be whole numbers, got ${text}`);
const counts = (options.threads ?? (availableParallelism() > 1 ? '1,2' : '1')).split(',').map(asCount);

// The wide build first where it is wanted: its engine flag must be set before anything is compiled.
const { description } = await selectBackend({ prefer: 'wasm', threads: Math.max(...counts), wideVectors: 'auto' });
const inUse = description.includes('wide') ? 'wide' : description.includes('relaxed') ? 'relaxed' : 'plain';
const builds =
  options.builds === undefined
    ? [...new Set<SimdBuild>(['relaxed', inUse])].slice(inUse === 'plain' ? 1 : 0)
    : options.builds.split(',').map(asBuild);
const variants = builds.flatMap((simd) => counts.map((threads) => ({ simd, threads, label: `${simd} ${threads}` })));
const SETS = { products: matmulCases, convolutions: convolutionCases, operations: operationCases, single: singleCases };
const isSet = (name: string): name is keyof typeof SETS => Object.hasOwn(SETS, name);
const sets = options.set
  .split(',')
  .map((name) => (isSet(name) ? SETS[name] : fail(`--set must be of ${Object.keys(SETS).join(', ')}, got ${name}`)));
const winograd = !options['no-winograd'];
(await registerTrainingKernels({ simd: builds[0]!, winograd, threads: counts[0]! })).dispose();
const limits = new Map<SimdBuild, MachineLimits>();
for (const simd of builds) limits.set(simd, await measureLimits(simd));

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly stock: number | undefined;
  readonly rates: readonly { readonly label: string; readonly rate: number | undefined; readonly share: number | undefined }[];
}
const rows: Row[] = [];
const number = (value: number | undefined, digits = 1): string => (value === undefined ? '–' : value.toFixed(digits));
const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 0 ? cell.padEnd(52) : cell.padStart(16))).join(' ');

if (!options.json) {
  const algorithm = winograd ? 'with Winograd' : 'without Winograd';
  console.log(
    `${description}, ${algorithm}, Node ${process.version}; median of 9; in brackets the share of what as many threads reached in the same minute\n`,
  );
  console.log(line(['', 'stock', ...variants.map(({ label }) => label)]));
}
for (const make of sets) {
  for (const one of make().filter(({ name }) => name.includes(options.only))) {
    process.stderr.write(`\r${one.name.padEnd(60)}`);
    const stock = rateOf(one);
    const rates: { label: string; rate: number | undefined; share: number | undefined }[] = [];
    for (const { simd, threads, label } of variants) {
      const ours = await registerTrainingKernels({ simd, winograd, threads });
      const rate = rateOf(one);
      ours.dispose();
      // Of several threads the limit is what as many copy at the same time, or as many times the arithmetic of one.
      const limit = one.unit === 'GFLOP/s' ? threads * limits.get(simd)!.gigaflops() : await copyBandwidth(threads);
      rates.push({ label, rate, share: rate === undefined ? undefined : rate / limit });
    }
    rows.push({ name: one.name, unit: one.unit, stock, rates });
    process.stderr.write(`\r${' '.repeat(60)}\r`);
    const cells = rates.map(({ rate, share }) => (rate === undefined ? '–' : `${number(rate)} (${number(share! * 100, 0)} %)`));
    if (!options.json) console.log(line([`${one.name} (${one.unit})`, number(stock), ...cells]));
  }
}
const peaks = builds.map((simd) => ({ simd, gigaflops: limits.get(simd)!.gigaflops(), gigabytes: limits.get(simd)!.gigabytes() }));
if (options.json) console.log(JSON.stringify({ description, peaks, rows }));
else {
  for (const { simd, gigaflops, gigabytes } of peaks)
    console.log(`peak of one core, ${simd}: ${number(gigaflops)} GFLOP/s of multiply-adds, ${number(gigabytes)} GB/s copying 64 MiB`);
  for (const threads of counts) console.log(`copying by ${threads} threads at once: ${number(await copyBandwidth(threads))} GB/s`);
}
