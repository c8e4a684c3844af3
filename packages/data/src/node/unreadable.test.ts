import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenizer } from '../../test/corpus-fixture.ts';
import { imageFolder } from './image-folder.ts';
import { readNpy } from './npy.ts';
import { openImages } from './open-images.ts';
import { openCorpus } from './text/open-corpus.ts';
import { openLabeledText } from './text/open-labeled-text.ts';
import { openTokenizer } from './text/open-tokenizer.ts';

const NOBODY = 65_534;
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-unreadable-'));
  await chmod(root, 0o755);
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
/** Runs work as someone whom permissions bind: root may read everything. */
async function bound<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid!(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}
const refused = async (work: () => Promise<unknown>, message: string) => {
  await work().catch(() => undefined); // as root, so that what is loaded on demand is there
  await expect(bound(work)).rejects.toMatchObject({ code: 'SELFSUP_DATA', message: expect.stringContaining(message) as string });
};
const closed = async (name: string, content: Uint8Array | string) => {
  await writeFile(join(root, name), content);
  await chmod(join(root, name), 0);
  return join(root, name);
};
const png = () => sharp({ create: { width: 4, height: 4, channels: 3, background: '#123' } }).png().toBuffer(); // prettier-ignore

describe('what may not be read', () => {
  it('is a sub-folder', async () => {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a', '1.png'), await png());
    await writeFile(join(root, 'a', '1.txt'), 'w0');
    await mkdir(join(root, 'b'), { mode: 0 });
    const message = `cannot read the folder ${join(root, 'b')}: permission is denied; change that, or move it elsewhere`;
    await refused(() => imageFolder(root), `imageFolder: ${message}`);
    await refused(() => openImages(root), `openImages: ${message}`);
    await refused(() => openCorpus(root, { tokenizer, cacheFolder: join(root, 'cache') }), `openCorpus: ${message}`);
    await refused(() => openImages(join(root, 'b')), `openImages: cannot read the folder ${join(root, 'b')}: permission is denied`);
  });

  it('is a file', async () => {
    const denied = (who: string, path: string) => `${who}: cannot read ${path}: permission is denied`;
    const idx = await closed('train-images-idx3-ubyte', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    await refused(() => openImages(idx), denied('openImages', idx));
    await rm(idx);
    const cifar = await closed('train.bin', new Uint8Array(3073));
    await refused(() => openImages(root), denied('openImages', cifar));
    await rm(cifar);
    const text = await closed('a.txt', 'w0');
    await refused(() => openCorpus(text, { tokenizer, cacheFolder: join(root, 'cache') }), denied('openCorpus', text));
    const table = await closed('a.tsv', 'w0\t1');
    await refused(() => openLabeledText(table), denied('openLabeledText', table));
    const npy = await closed('a.npy', '');
    await refused(() => readNpy(npy), denied('readNpy', npy));
    const json = await closed('tokenizer.json', '{}');
    await refused(() => openTokenizer(json), denied('openTokenizer', json));
    const photo = await closed('a.png', await png());
    await refused(() => imageFolder(root), 'not one of the 1 images of');
    await refused(() => imageFolder(root), `the first one because: permission is denied`);
    expect(photo).toContain(root);
  });
});
