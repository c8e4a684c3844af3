import { describe, expect, it } from 'vitest';
import fixture from '../../fixtures/added-tokens.json';
import { codePointOffsets } from './code-point-offsets.ts';
import { loadTokenizer } from './load-tokenizer.ts';

const vocab = Object.fromEntries(fixture.vocab.map((token, id) => [token, id]));

describe.each(fixture.tokenizers)('added tokens, $name: ', ({ json, vocabularySize, pair, cases }) => {
  const content = { ...json, model: { ...json.model, vocab } };
  const load = () => loadTokenizer(JSON.stringify(content));

  it("has Hugging Face's ids, offsets and texts", async () => {
    const tokenizer = await load();
    expect(tokenizer.vocabularySize).toBe(vocabularySize);
    expect(cases.length).toBeGreaterThan(100);
    for (const { text, ids, offsets, decoded, decodedAll } of cases) {
      const encoding = tokenizer.encode(text);
      expect([...encoding.ids], JSON.stringify(text)).toEqual(ids);
      expect([...codePointOffsets(text, encoding.offsets)], JSON.stringify(text)).toEqual(offsets);
      expect(tokenizer.decode(encoding.ids), JSON.stringify(text)).toBe(decoded);
      expect(tokenizer.decode(encoding.ids, { skipSpecialTokens: false }), JSON.stringify(text)).toBe(decodedAll);
    }
    const both = tokenizer.encode('see by', { pair: 'url ab' });
    expect([[...both.ids], [...both.segmentIds]]).toEqual([pair.ids, pair.segments]);
  });

  it('writes down what it is', async () => {
    const tokenizer = await load();
    const written = tokenizer.toJson() as typeof content;
    expect(written.added_tokens).toEqual(content.added_tokens);
    const again = await loadTokenizer(written);
    expect(again.toJson()).toEqual(written);
    expect(again).toMatchObject({ vocabularySize, special: tokenizer.special, specialIds: tokenizer.specialIds });
    for (const { text } of cases) expect(again.encode(text)).toEqual(tokenizer.encode(text));
  });
});
