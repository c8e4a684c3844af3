import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { createSharpLoader, loadSharp } from './load-sharp.ts';

const require = createRequire(import.meta.url);
const missing = './there-is-no-such-module.cjs';

describe('loadSharp', () => {
  it('says how to install it, and tries again', async () => {
    let tries = 0;
    const load = createSharpLoader(async () => {
      tries++;
      return tries === 3 ? import('sharp') : (require(missing) as never);
    });
    for (let i = 0; i < 2; i++)
      await expect(load()).rejects.toMatchObject({
        code: 'SELFSUP_DATA',
        message: 'decodeImage: pictures are decoded by `sharp`, which is not installed; install it with `npm install sharp@0.35`',
      });
    expect(await load()).toBe(await loadSharp());
    expect(await load()).toBe(await loadSharp());
    expect(tries).toBe(3);
  });

  it('says why it could not be loaded', async () => {
    const load = createSharpLoader(() => Promise.reject(new Error('no binary for this system\nlong story')));
    await expect(load()).rejects.toThrow('`sharp`, which could not be loaded: no binary for this system; install it with');
  });
});
