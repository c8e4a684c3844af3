import { SelfsupError } from '@selfsup/core';
import { byteOffsets } from './byte-offsets.ts';
import { encodeWithTemplate, type Pieces, type Template } from './encode-with-template.ts';
import type { SpecialTokens, Tokenizer, TokenizerJson } from './tokenizer.ts';

/** The fields of a `tokenizer.json` with byte-level BPE that are looked at here. */
export interface ByteLevelJson {
  added_tokens?: { id: number; content: string; special?: boolean }[];
  post_processor?: { type?: string; trim_offsets?: boolean } | null;
  model: { vocab: Record<string, number> };
}

type Library = InstanceType<(typeof import('@huggingface/tokenizers'))['Tokenizer']>;

const NAMES: Record<keyof SpecialTokens, readonly string[]> = {
  pad: ['<pad>', '[PAD]', '<|padding|>'],
  unknown: ['<unk>', '[UNK]'],
  classify: ['<s>', '[CLS]'],
  separator: ['</s>', '[SEP]', '<|endoftext|>', '<|end_of_text|>'],
  mask: ['<mask>', '[MASK]'],
};

const loadLibrary = () =>
  import('@huggingface/tokenizers').catch((cause: unknown) => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      'loadTokenizer: `@huggingface/tokenizers` could not be loaded; install it with `npm install @huggingface/tokenizers`',
      { cause },
    );
  });

/** What the library puts around one text and two, read off an example. */
function templateOf(library: Library): Template {
  const a = library.encode('a', { add_special_tokens: false }).ids;
  const single = library.encode('a').ids;
  const pair = library.encode('a', { text_pair: 'a', return_token_type_ids: true });
  const find = (ids: readonly number[], from: number) => {
    for (let i = from; i + a.length <= ids.length; i++) if (a.every((id, j) => ids[i + j] === id)) return i;
    return from;
  };
  const start = find(single, 0);
  const second = find(pair.ids, start + a.length);
  return {
    first: single.slice(0, start),
    last: single.slice(start + a.length),
    between: pair.ids.slice(start + a.length, second),
    lastOfPair: pair.ids.slice(second + a.length),
    pairSegment: pair.token_type_ids?.[second] === 1 ? 1 : 0,
  };
}

/** Makes a byte-level BPE tokenizer of a checked `tokenizer.json`, with Hugging Face's library underneath; see `loadTokenizer`. */
export async function byteLevelTokenizer(json: ByteLevelJson): Promise<Tokenizer> {
  const { Tokenizer: LibraryTokenizer } = await loadLibrary();
  const library = new LibraryTokenizer(json, { clean_up_tokenization_spaces: false });
  const addedNames = new Map((json.added_tokens ?? []).map(({ content, id }) => [id, content]));
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(json.model.vocab)) tokens[id] = token;
  for (const [id, content] of addedNames) tokens[id] = content;
  const special: Partial<Record<keyof SpecialTokens, number>> = {};
  for (const [role, names] of Object.entries(NAMES) as [keyof SpecialTokens, readonly string[]][]) {
    const id = names.map((name) => library.token_to_id(name)).find((found) => found !== undefined);
    if (id !== undefined) special[role] = id;
  }
  const flagged = (json.added_tokens ?? []).filter((token) => token.special).map(({ id }) => id);
  const specialIds = [...new Set([...flagged, ...Object.values(special)])].sort((a, b) => a - b);
  const trim = json.post_processor?.trim_offsets ?? false;
  const template = templateOf(library);

  const split = (text: string): Pieces => {
    if (text === '') return { ids: new Int32Array(0), offsets: new Int32Array(0) };
    const ids = library.encode(text, { add_special_tokens: false }).ids;
    const spelled = ids.map((id) => {
      const token = tokens[id]!;
      return { bytes: token.length, spaced: token.startsWith('Ġ'), added: addedNames.get(id) }; // each character is a byte, Ġ the space
    });
    return { ids: Int32Array.from(ids), offsets: byteOffsets(text, spelled, { trim }) };
  };

  return {
    kind: 'byte-level-bpe',
    vocabularySize: tokens.length,
    special,
    specialIds,
    encode: (text, options = {}) => encodeWithTemplate(split, template, text, options),
    decode(ids, { skipSpecialTokens = true } = {}) {
      const kept = Array.from(ids).filter((id) => !skipSpecialTokens || !specialIds.includes(id));
      return kept.length === 0 ? '' : library.decode(kept);
    },
    tokenOf: (id) => tokens[id],
    idOf: (token) => library.token_to_id(token),
    isContinuation: (id) => !addedNames.has(id) && !/^[ĠĊĉ]/.test(tokens[id] ?? 'Ġ'),
    toJson: () => json as unknown as TokenizerJson,
  };
}
