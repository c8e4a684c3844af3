import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { assertThere } from './read-inputs.ts';

it('refuses folders of photos that are not there, where a part without rows would be written; a single photo is skipped', () => {
  const of = (name: string) => ({ modality: { name } }) as Parameters<typeof assertThere>[0];
  const here = fileURLToPath(import.meta.url);
  expect(() => {
    assertThere(of('image'), ['-', here, '/not/here']);
  }).toThrow('there is nothing at /not/here on this machine; every process of a job in parts must see all the data under the same path');
  assertThere(of('image'), ['-', here, '/not/here.jpg']);
  assertThere(of('text'), ['corpus/**/*.txt']);
});
