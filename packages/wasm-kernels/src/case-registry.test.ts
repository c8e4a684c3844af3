import { expect, it } from 'vitest';
import { caseMakers } from '../test/cases/registry.ts';
import { startWasm } from '../test/wasm-under-test.ts';

it('has random cases for every kernel that the package registers, under titles of their own', async () => {
  const registration = await startWasm('plain');
  const made = new Set(caseMakers.map(({ kernel }) => kernel));
  expect(registration.kernels.filter((kernel) => !made.has(kernel))).toEqual([]);
  expect(caseMakers.filter(({ kernel }) => !registration.kernels.includes(kernel))).toEqual([]);
  expect(new Set(caseMakers.map(({ title }) => title)).size).toBe(caseMakers.length);
  registration.dispose();
});
