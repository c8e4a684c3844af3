// `npm run bench:kernels`: the training kernels against those of stock tfjs-backend-wasm, one process, one core.
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import { registerTrainingKernels, type SimdBuild } from '@selfsup/wasm-kernels';
import { convolutionCases } from './kernels/convolution-cases.ts';
import { measureLimits } from './kernels/machine-limits.ts';
import { matmulCases } from './kernels/matmul-cases.ts';
import { rateOf } from './kernels/measure.ts';
import { operationCases } from './kernels/operation-cases.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    simd: { type: 'string' },
    'no-winograd': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const asBuild = (name: string | undefined): SimdBuild | undefined => {
  if (name === undefined || name === 'relaxed' || name === 'plain') return name;
  console.error(`bench:kernels: --simd must be relaxed or plain, got ${name}`);
  process.exit(2);
};
const wanted = asBuild(options.simd);

await selectBackend({ prefer: 'wasm' }); // gradients too
const kernelOptions = { winograd: !options['no-winograd'], ...(wanted && { simd: wanted }) };
const registration = await registerTrainingKernels(kernelOptions);
const { simd } = registration;
registration.dispose();
const limits = await measureLimits(simd);

const groups = [matmulCases, convolutionCases, operationCases];
const rows: { name: string; unit: string; stock: number | undefined; ours: number | undefined; share: number | undefined }[] = [];
const number = (value: number | undefined, digits = 1): string => (value === undefined ? '–' : value.toFixed(digits));
const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 0 ? cell.padEnd(52) : cell.padStart(9))).join(' ');

if (!options.json) {
  const algorithm = kernelOptions.winograd ? 'with Winograd' : 'without Winograd';
  console.log(`${simd} SIMD, ${algorithm}, Node ${process.version}; median of 9; share of what this core reached in the same minute\n`);
  console.log(line(['', 'stock', 'ours', 'ratio', 'of peak']));
}
for (const make of groups) {
  const cases = make().filter(({ name }) => name.includes(options.only));
  for (const one of cases) {
    process.stderr.write(`\r${one.name.padEnd(60)}`);
    const stock = rateOf(one);
    const ours = await registerTrainingKernels(kernelOptions);
    const rate = rateOf(one);
    ours.dispose();
    const limit = one.unit === 'GFLOP/s' ? limits.gigaflops() : limits.gigabytes();
    const share = rate === undefined ? undefined : rate / limit;
    rows.push({ name: one.name, unit: one.unit, stock, ours: rate, share });
    process.stderr.write(`\r${' '.repeat(60)}\r`);
    const ratio = stock === undefined || rate === undefined ? undefined : rate / stock;
    if (!options.json)
      console.log(line([`${one.name} (${one.unit})`, number(stock), number(rate), number(ratio), `${number(share && share * 100, 0)} %`]));
  }
}
const peak = { gigaflops: limits.gigaflops(), gigabytes: limits.gigabytes() };
if (options.json) console.log(JSON.stringify({ simd, peak, rows }));
else console.log(`\npeak of one core: ${number(peak.gigaflops)} GFLOP/s of multiply-adds, ${number(peak.gigabytes)} GB/s copying 64 MiB`);
