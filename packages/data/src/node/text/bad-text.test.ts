import { describe, expect, it } from 'vitest';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { corpusFolder, rows } from '../../../test/corpus-fixture.ts';

const { at, open, put } = corpusFolder();

describe('bad text', () => {
  it.each([
    [Uint8Array.of(0x77, 0x30, 0xff, 0x20), 'a.txt must be UTF-8, got 0xff at byte 2'],
    [Uint8Array.of(0x77, 0x20, 0xe2, 0x82), 'got 0xe2 at byte 2'],
    [Uint8Array.of(0xff, 0xfe, 0x77, 0x00), 'got 0xff at byte 0'],
    [Buffer.concat([Buffer.from('w0 w1\n'.repeat(400_000)), Uint8Array.of(0xc0, 0xaf)]), 'got 0xc0 at byte 2400000'],
  ])('names file and byte of invalid UTF-8', async (bytes, message) => {
    await put('corpus/a.txt', bytes);
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
  });

  it('replaces and counts invalid UTF-8 where asked to', async () => {
    await put('corpus/a.txt', Buffer.concat([Buffer.from('\ufeffw0 \ufffd '), Uint8Array.of(0xff, 0x20, 0xfe), Buffer.from(' w1')]));
    const { train, statistics } = await open({ invalidUtf8: 'replace' });
    expect(await rows(train)).toEqual(['[CLS] w0 w1 [SEP]']);
    expect(statistics.invalidBytes).toBe(2);
    expect(statistics.firstInvalid).toEqual({ path: at('corpus/a.txt'), byte: 10 });
  });

  it('says that a corpus is empty', async () => {
    const refused = async (expected: string) => {
      await expect(open()).rejects.toMatchObject({ code: 'SELFSUP_DATA', message: expect.stringContaining(expected) as string });
    };
    await refused(`openCorpus: no file matches ${at('corpus')}`);
    await put('corpus/a.txt', '');
    await refused(`openCorpus: there is no text in ${at('corpus/a.txt')}`);
    await put('corpus/b.txt', ' \n\t\n');
    await refused('there is no text in any of 2 files');
    await put('corpus/a.txt', 'w0');
    await expect(open({ validationFraction: 0.1 })).rejects.toThrow(
      'there is one document (tokens: 1), and none can be held out to measure on; give more texts',
    );
  });

  it('says what a vocabulary lacks', async () => {
    await put('corpus/a.txt', 'w0');
    await expect(open({ tokenizer: wordPieceTokenizer('[UNK]\n[CLS]\n[PAD]') })).rejects.toThrow(
      'must have a separator token such as [SEP]',
    );
    await expect(open({ tokenizer: wordPieceTokenizer('[UNK]') })).rejects.toThrow('must have a pad token such as [PAD]');
  });

  it('refuses options out of range', async () => {
    await expect(open({ length: 3 })).rejects.toThrow('`length` must be an integer >= 4, got 3');
    await expect(open({ validationFraction: 1 })).rejects.toThrow('`validationFraction` must be in [0, 1), got 1');
    await expect(open({ shortFraction: -1 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
  });

  it('reads a line of 50 MB, spaced or not, in little memory', async () => {
    await put('corpus/a.txt', 'w0 w1 '.repeat(7_000_000) + '\n' + 'é'.repeat(4_000_000));
    const before = process.memoryUsage().rss;
    let most = 0;
    const onProgress = () => {
      most = Math.max(most, process.memoryUsage().rss - before);
    };
    const { train, statistics } = await open({ onProgress, shardTokens: 1 << 20 });
    expect(statistics.tokens - statistics.unknownTokens).toBe(14_000_000);
    expect(train.length).toBe(Math.ceil(statistics.tokens / 126));
    expect(most).toBeLessThan(400e6);
  });
});
