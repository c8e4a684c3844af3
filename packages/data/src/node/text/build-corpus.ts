import { shareOf } from '@selfsup/core';
import { startOfFile, type DocumentRule } from '../../text/split-documents.ts';
import { splitSentences, type SentenceRule } from '../../text/split-sentences.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import { writeIndex, type CorpusIndex, type SplitName } from './corpus-index.ts';
import { bytesPerToken, writeShard } from './corpus-shard.ts';
import type { Column } from './pick-columns.ts';
import type { InvalidBytes } from './decode-utf8.ts';
import { readDocuments } from './read-documents.ts';
import { tableFormatOf } from './read-table.ts';

/** What {@link buildCorpus} needs to know. */
export interface BuildOptions {
  readonly folder: string;
  readonly files: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly documents: DocumentRule;
  /** Where the text of tables is. */
  readonly textColumn: Column | readonly Column[] | undefined;
  /** Whether the first line of tables has the names of the columns. */
  readonly header: boolean | undefined;
  /** Undefined: sentences are not told apart. */
  readonly sentences: SentenceRule | undefined;
  readonly validationFraction: number;
  readonly replaceInvalid: boolean;
  /** A shard is written once there are this many tokens. */
  readonly shardTokens: number;
  /** Called with the bytes read of each piece. */
  readonly onBytes: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The tokens that are not yet in a shard. */
interface Pending {
  tokens: number[];
  sentenceEnds: number[];
  documentEnds: number[];
}
const nothing = (): Pending => ({ tokens: [], sentenceEnds: [], documentEnds: [] });

/** Every 1/fraction-th document is held out, the first of them half a period in: the share is right however few there are. */
const isHeldOut = (document: number, fraction: number) =>
  shareOf(document + 1, fraction, 'nearest') > shareOf(document, fraction, 'nearest');

/** Reads, tokenizes and writes a corpus from where `index` stands, shard by shard, and completes the index. */
export async function buildCorpus(index: CorpusIndex, options: BuildOptions): Promise<void> {
  const { folder, files, tokenizer, documents, sentences, validationFraction, shardTokens, signal } = options;
  const { state } = index;
  const { unknown, separator } = tokenizer.special;
  let pending: Record<SplitName, Pending> = { train: nothing(), validation: nothing() };

  const flush = async () => {
    for (const split of ['train', 'validation'] as const) {
      const { tokens, sentenceEnds, documentEnds } = pending[split];
      if (tokens.length === 0 && documentEnds.length === 0) continue;
      const file = `${split}-${String(index.shards[split].length).padStart(5, '0')}.bin`;
      const ids = bytesPerToken(index.vocabularySize) === 2 ? Uint16Array.from(tokens) : Int32Array.from(tokens);
      const content = { tokens: ids, sentenceEnds: Uint32Array.from(sentenceEnds), documentEnds: Uint32Array.from(documentEnds) };
      index.shards[split].push(await writeShard(folder, file, content));
    }
    pending = { train: nothing(), validation: nothing() };
    await writeIndex(folder, index);
  };

  const closeDocument = () => {
    if (state.open === null) return;
    const { tokens, documentEnds } = pending[state.open];
    if (separator !== undefined) tokens.push(separator);
    documentEnds.push(tokens.length);
    state.open = null;
  };

  const addText = (text: string, begins: boolean) => {
    if (begins) closeDocument();
    for (const part of sentences === undefined ? [text] : splitSentences(text, sentences)) {
      const { ids } = tokenizer.encode(part, { addSpecialTokens: false });
      if (ids.length === 0) continue;
      // a document is counted with its first token: what has none is no document
      state.open ??= isHeldOut(state.documents++, validationFraction) ? 'validation' : 'train';
      const { tokens, sentenceEnds } = pending[state.open];
      for (const id of ids) {
        tokens.push(id);
        if (id === unknown) state.unknownTokens++;
      }
      state.tokens += ids.length;
      if (sentences !== undefined) sentenceEnds.push(tokens.length);
    }
  };

  for (; state.file < files.length; state.file++, state.byte = 0, state.split = startOfFile()) {
    const { textColumn, header, onBytes } = options;
    // a table is read from its start again when work goes on: its replacements count once it is done
    const counted: InvalidBytes = tableFormatOf(files[state.file]!) === undefined ? state.invalid : { count: 0 };
    const replaced = options.replaceInvalid ? counted : undefined;
    const reading = { who: 'openCorpus', documents, textColumn, header, replaced, onBytes, start: state.byte };
    for await (const { parts, position } of readDocuments(files[state.file]!, state.split, reading)) {
      signal?.throwIfAborted();
      for (const part of parts) addText(part.text, part.begins);
      state.byte = position;
      if (pending.train.tokens.length + pending.validation.tokens.length >= shardTokens) await flush();
    }
    closeDocument();
    if (counted !== state.invalid) {
      state.invalid.count += counted.count;
      if (counted.first) state.invalid.first ??= counted.first;
    }
  }
  index.complete = true;
  await flush();
}
