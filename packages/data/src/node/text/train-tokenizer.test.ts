import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTokenizer } from './train-tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-train-tokenizer-'));

describe('trainTokenizer', () => {
  it('learns the words of all files', async () => {
    writeFileSync(join(folder, 'a.txt'), 'whale whale whale ship\n'.repeat(20));
    writeFileSync(join(folder, 'b.txt'), 'harbour harbour\n'.repeat(20));
    let bytes = 0;
    const tokenizer = await trainTokenizer(folder, { vocabularySize: 60, onProgress: (read) => (bytes = read) });
    const words = [...tokenizer.encode('Whale harbour', { addSpecialTokens: false }).ids].map((id) => tokenizer.tokenOf(id));
    expect(words).toEqual(['whale', 'harbour']);
    expect(bytes).toBe(20 * (23 + 16));
  });

  it('says which file is no text', async () => {
    const bad = join(folder, 'bad.bin');
    writeFileSync(bad, Buffer.from([0x61, 0x20, 0xff, 0x62]));
    await expect(trainTokenizer(bad)).rejects.toThrow(/bad\.bin.*byte 2|byte 2.*bad\.bin/s);
    expect((await trainTokenizer(bad, { vocabularySize: 30, minFrequency: 1, invalidUtf8: 'replace' })).idOf('a')).toBeGreaterThanOrEqual(
      5,
    );
    await expect(trainTokenizer(join(folder, 'none'))).rejects.toThrow('no file matches');
  });
});
