import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openCorpus, openLabeledText, openTokenizer, trainTokenizer } from '@selfsup/data/node';
import { loadTokenizer, wordPieceTokenizer, type TokenDataset, type Tokenizer } from '@selfsup/data/text';
import parquet from '../../packages/data/fixtures/parquet-images.json' with { type: 'json' };
import type { Chance } from './chance.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';
import { assertRight, writeFolder, type Subject } from './subject.ts';
import { writeCorpus } from './tiny-runs.ts';

const TEXT = 'The cat sat, on a MAT.\nÜber 12 hills \u{1f600} <s>[MASK]';

/** Byte-level BPE as GPT-2 has it, with few tokens. */
function byteLevelJson(): string {
  const bytes = 'abcdefghijklmnopqrstuvwxyzĠABCDEFGHIJKLMNOPQRSTUVWXYZ.,!0123456789'.split('');
  const merges = [['t', 'h'], ['th', 'e'], ['Ġ', 'c'], ['a', 't']] as const; // prettier-ignore
  const vocab = Object.fromEntries(['<unk>', ...bytes, ...merges.map((pair) => pair.join(''))].map((token, id) => [token, id]));
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: 0, content: '<unk>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
    normalizer: null,
    pre_tokenizer: level,
    post_processor: level,
    decoder: level,
    model: { type: 'BPE', dropout: null, unk_token: '<unk>', vocab, merges: merges.map((pair) => pair.join(' ')) },
  });
}

function assertTokenizer(tokenizer: Tokenizer): void {
  const ids = [...tokenizer.encode(TEXT, { maxLength: 16 }).ids];
  const fits = ids.length <= 16 && ids.every((id) => id >= 0 && id < tokenizer.vocabularySize);
  assertRight(fits, `ids [${ids.join()}] are not below ${tokenizer.vocabularySize}`);
  assertRight(typeof tokenizer.decode(ids) === 'string', 'it does not decode');
  JSON.stringify(tokenizer.toJson());
}

async function idsOf(sequences: TokenDataset): Promise<string> {
  const { tokenIds } = await sequences.read(Array.from({ length: sequences.length }, (_, i) => i));
  return tokenIds.join();
}

const TABLES: Readonly<Record<string, string>> = {
  'x.csv': 'text,label\n"a cat, said ""she""",pet\nthe sea,place\nred hills,place\n',
  'x.tsv': 'sentence\tlabel\na cat\tpet\nthe sea\tplace\nred hills\tplace\n',
  'x.jsonl': '{"text":"a cat","label":"pet"}\n{"text":"the sea","label":1}\n{"text":"red hills","label":"pet"}\n',
  'x.txt': 'LOC:city What city is old ?\nHUM:ind Who sat on the mat ?\nNUM:count How many hills are there ?\n',
};

const mutateText = (text: string, chance: Chance): string | Uint8Array =>
  chance.happens(0.5) ? mutateBytes(Buffer.from(text), chance) : mutateJson(text, chance);

function tokenizerSubject(name: string, json: string, place: string): Subject {
  return {
    name,
    async read(chance) {
      const mutated = mutateText(json, chance);
      const inMemory = typeof mutated === 'string' && chance.happens(0.5);
      assertTokenizer(inMemory ? await loadTokenizer(mutated) : await openTokenizer(writeFolder(place, { 'tokenizer.json': mutated })));
    },
  };
}

function tableSubject(file: string, table: string, place: string): Subject {
  return {
    name: file === 'x.txt' ? 'TREC' : `labeled ${file.slice(2)}`,
    async read(chance) {
      const path = join(writeFolder(place, { [file]: mutateText(table, chance) }), file);
      const { texts, labels, classNames } = await openLabeledText(path);
      assertRight(texts.length === labels.length && texts.length > 0, 'there is not one label for each text');
      assertRight(labels.every((label) => label >= 0 && label < classNames.length), 'a label has no class'); // prettier-ignore
    },
  };
}

/** Texts in a Parquet file. */
const parquetSubject = (place: string): Subject => ({
  name: 'Parquet files of texts',
  async read(chance) {
    const bytes = mutateBytes(Buffer.from(parquet.texts, 'base64'), chance);
    const { texts, labels } = await openLabeledText(join(writeFolder(place, { 'x.parquet': bytes }), 'x.parquet'));
    assertRight(texts.length === labels.length && texts.length > 0, 'there is not one label for each text');
  },
});

/** The cache of a corpus: whatever is in it, the tokens must be those of the corpus. */
async function cacheSubject(corpus: string, tokenizer: Tokenizer, cacheFolder: string): Promise<Subject> {
  const open = async () => {
    const options = { tokenizer, length: 16, documents: 'blank-line', shardTokens: 200, cacheFolder } as const;
    return idsOf((await openCorpus(corpus, options)).train);
  };
  const whole = await open();
  const entries = readdirSync(cacheFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, readFileSync(path)]),
  );
  return {
    name: 'the cache of a corpus',
    async read(chance) {
      const path = chance.pick([...files.keys()]);
      const content = files.get(path)!;
      writeFileSync(path, path.endsWith('.json') ? mutateText(content.toString(), chance) : mutateBytes(content, chance));
      try {
        assertRight((await open()) === whole, `other tokens came from ${path}`);
      } finally {
        rmSync(cacheFolder, { recursive: true });
        for (const [name, bytes] of files) {
          mkdirSync(dirname(name), { recursive: true });
          writeFileSync(name, bytes);
        }
      }
    },
  };
}

/**
 * Readers of tokenizers, tables and corpora.
 *
 * @param folder where files are written
 */
export async function textSubjects(folder: string): Promise<Subject[]> {
  const place = join(folder, 'text');
  const corpus = writeCorpus(writeFolder(join(folder, 'corpus'), {}));
  const trained = await trainTokenizer(corpus, { vocabularySize: 100 });
  const vocabulary = Array.from({ length: trained.vocabularySize }, (_, id) => trained.tokenOf(id)!).join('\n');
  return [
    tokenizerSubject('tokenizer.json of WordPiece', JSON.stringify(trained.toJson()), place),
    tokenizerSubject('tokenizer.json of byte-level BPE', byteLevelJson(), place),
    {
      name: 'vocab.txt',
      async read(chance) {
        const mutated = mutateBytes(Buffer.from(vocabulary), chance);
        assertTokenizer(await openTokenizer(writeFolder(place, { 'vocab.txt': mutated })));
        assertTokenizer(wordPieceTokenizer(Buffer.from(mutated).toString('latin1')));
      },
    },
    parquetSubject(place),
    ...Object.entries(TABLES).map(([file, table]) => tableSubject(file, table, place)),
    {
      name: 'corpora',
      async read(chance) {
        const file = chance.pick(['x.csv', 'x.tsv', 'x.jsonl', 'x.txt', 'x.md']);
        const content = mutateText(TABLES[file] ?? readFileSync(corpus, 'utf8'), chance);
        const path = writeFolder(place, { [file]: content, 'other.txt': 'a cat sat.\n\nthe sea.\n' });
        const invalidUtf8 = chance.pick(['error', 'replace'] as const);
        const documents = chance.pick(['file', 'blank-line', 'chapter'] as const);
        const cacheFolder = join(folder, 'other cache');
        rmSync(cacheFolder, { recursive: true, force: true });
        const nextSentence = chance.happens(0.3);
        const { train } = await openCorpus(path, { tokenizer: trained, length: 8, invalidUtf8, documents, cacheFolder, nextSentence });
        await idsOf(train);
        await trainTokenizer(path, { vocabularySize: 100, invalidUtf8 });
      },
    },
    await cacheSubject(corpus, trained, join(folder, 'cache')),
  ];
}
