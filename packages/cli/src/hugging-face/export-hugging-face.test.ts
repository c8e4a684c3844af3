import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { bert, maskedLanguageHead, nextSentenceHead, saveWeights } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';
import { describe, expect, it } from 'vitest';
import { exportHuggingFace } from './export-hugging-face.ts';
import { readHuggingFace } from './read-hugging-face.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-export-'));
const rng = createRng(0);
let count = 0;
const fresh = () => join(root, `folder${count++}`);

describe('exportHuggingFace', () => {
  const small = { numLayers: 1, width: 8, numHeads: 2, vocabularySize: 11, maxPositions: 4, dropoutRate: 0 };
  const made = () => {
    const [backbone, head] = [bert(small)(rng), maskedLanguageHead(small)(rng)];
    return {
      backbone,
      head,
      [Symbol.dispose]: () => {
        [backbone, head].forEach((part) => {
          part.dispose();
        });
      },
    };
  };

  it.each([
    ['BertForMaskedLM', true, 'bert.embeddings.LayerNorm.weight'],
    ['BertModel', false, 'embeddings.LayerNorm.weight'],
  ])('writes a folder for %s that can be read, with the tokenizer', async (architecture, withHead, name) => {
    const [vocab, out] = [join(root, 'vocab.txt'), join(fresh(), 'deep')];
    writeFileSync(vocab, '[PAD]\n');
    using parts = made();
    const files = await exportHuggingFace({
      backbone: parts.backbone,
      ...(withHead ? { head: parts.head } : {}),
      tokenizerFiles: [vocab],
      out,
    });
    expect(files).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
    expect(readdirSync(out).sort()).toEqual(files);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
      architectures: [architecture],
      hidden_dropout_prob: 0,
    });
    expect(decodeSafetensors(readFileSync(join(out, 'model.safetensors'))).tensors.has(name)).toBe(true);
    const pretrained = await readHuggingFace(out);
    expect(pretrained.head !== undefined).toBe(withHead);
    const again = pretrained.backbone(rng);
    expect(await saveWeights(again)).toEqual(await saveWeights(parts.backbone));
    again.dispose();
  });

  it('writes nothing where files are, and leaves nothing behind when a file is missing', async () => {
    using parts = made();
    const { backbone, head } = parts;
    const taken = fresh();
    mkdirSync(taken);
    writeFileSync(join(taken, 'a'), '');
    await expect(exportHuggingFace({ backbone, head, out: taken })).rejects.toThrow('must be a new or empty folder');
    expect(readdirSync(taken)).toEqual(['a']);
    await expect(exportHuggingFace({ backbone, head, out: join(taken, 'a') })).rejects.toThrow('is a file');
    const out = fresh();
    await expect(exportHuggingFace({ backbone, out, tokenizerFiles: [join(root, 'nowhere.txt')] })).rejects.toThrow(
      'cannot write the folder',
    );
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(root).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('refuses a narrow embedding and heads of another encoder', async () => {
    using parts = made();
    const narrow = bert({ ...small, embeddingDim: 4 })(rng);
    const wide = nextSentenceHead({ width: 16 })(rng);
    await expect(exportHuggingFace({ backbone: narrow, out: fresh() })).rejects.toThrow('must have embeddings of its width, 8, as BERT has, got embeddingDim 4'); // prettier-ignore
    await expect(exportHuggingFace({ backbone: parts.backbone, nextSentenceHead: wide, out: fresh() })).rejects.toThrow('`pooler/kernel` of `nextSentenceHead` must have shape [8, 8], got [16, 16]'); // prettier-ignore
    narrow.dispose();
    wide.dispose();
  });
});
