import { expect, it } from 'vitest';
import { isSoftwareAdapter, nameAdapter, type AdapterFacts } from './software-adapter.ts';

const simulated: readonly AdapterFacts[] = [
  { vendor: 'google', architecture: 'swiftshader', description: 'SwiftShader driver 5.0.0' },
  { vendor: 'mesa', architecture: '', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
  { vendor: 'microsoft', architecture: 'warp', device: '8c' },
  { vendor: 'microsoft', description: 'Microsoft Basic Render Driver' },
  { vendor: '', architecture: '', isFallbackAdapter: true },
];
const real: readonly AdapterFacts[] = [
  { vendor: 'nvidia', architecture: 'hopper', description: 'NVIDIA: 580.10 580.10.0.0', isFallbackAdapter: false },
  { vendor: 'apple', architecture: 'metal-3' },
  { vendor: 'intel', architecture: 'xe-2lpg' },
  {},
];

it('tells what simulates a GPU from GPUs', () => {
  expect(simulated.filter((facts) => !isSoftwareAdapter(facts))).toEqual([]);
  expect(real.filter(isSoftwareAdapter)).toEqual([]);
});

it('names an adapter, whatever it tells of itself', () => {
  expect([...simulated, ...real].map(nameAdapter)).toEqual([
    'google swiftshader',
    'mesa',
    'microsoft warp',
    'microsoft',
    'a GPU that does not tell its name',
    'nvidia hopper',
    'apple metal-3',
    'intel xe-2lpg',
    'a GPU that does not tell its name',
  ]);
});
