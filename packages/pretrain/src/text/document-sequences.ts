import { SelfsupError } from '@selfsup/core';
import { specialTokenId, type TokenDataset, type Tokenizer } from '@selfsup/data/text';

/** Options of {@link documentSequences}. */
export interface DocumentSequencesOptions {
  tokenizer: Tokenizer;
  /** Tokens of a sequence, special ones included. */
  length: number;
  /** What the data is called. */
  name: string;
}

/** Documents in memory, cut into sequences. */
export interface DocumentSequences {
  readonly dataset: TokenDataset;
  /** `[dataset.length]`: the document of each sequence, from 0. */
  readonly documentOf: Int32Array;
  /** Tokens of the documents, without those that frame sequences. */
  readonly tokens: number;
  /** How many of them stand for what the vocabulary cannot spell. */
  readonly unknownTokens: number;
}

/**
 * Cuts documents in memory into sequences of one length, `[CLS] … [SEP]`, as `openCorpus` does with files; the last one of a document is shorter.
 *
 * @param documents the texts
 * @param options see {@link DocumentSequencesOptions}
 * @returns the sequences in the order of the documents
 * @throws SelfsupError `SELFSUP_DATA` when there is no token in them, or the vocabulary has nothing to fill up with
 */
export function documentSequences(documents: readonly string[], options: DocumentSequencesOptions): DocumentSequences {
  const { tokenizer, length, name } = options;
  const { special, vocabularySize } = tokenizer;
  const isFramed = special.classify !== undefined;
  const first = isFramed ? [specialTokenId(tokenizer, 'classify')] : [];
  const last = isFramed ? [specialTokenId(tokenizer, 'separator')] : [];
  const pad = special.pad ?? special.separator ?? specialTokenId(tokenizer, 'pad');
  const room = length - first.length - last.length;
  const spans: Int32Array[] = [];
  const documentOf: number[] = [];
  let [tokens, unknownTokens] = [0, 0];
  for (const [number, document] of documents.entries()) {
    const { ids } = tokenizer.encode(document, { addSpecialTokens: false });
    tokens += ids.length;
    unknownTokens += ids.reduce((count, id) => count + Number(id === special.unknown), 0);
    for (let at = 0; at < ids.length; at += room) {
      spans.push(ids.subarray(at, at + room));
      documentOf.push(number);
    }
  }
  if (spans.length === 0) throw new SelfsupError('SELFSUP_DATA', `there is no text in ${name}; give texts with words in them`);
  const dataset: TokenDataset = {
    name,
    unit: 'sequences',
    length: spans.length,
    sequenceLength: length,
    vocabularySize,
    read(indices) {
      const tokenIds = new Int32Array(indices.length * length).fill(pad); // [n, length]
      const attentionMask = new Int32Array(indices.length * length);
      for (let row = 0; row < indices.length; row++) {
        const span = spans[indices[row]!];
        if (!span)
          throw new SelfsupError(
            'SELFSUP_OPTION',
            `${name}.read: \`indices\` must be integers in [0, ${spans.length}), got ${indices[row]!}`,
          );
        const sequence = [...first, ...span, ...last];
        tokenIds.set(sequence, row * length);
        attentionMask.fill(1, row * length, row * length + sequence.length);
      }
      return Promise.resolve({ tokenIds, attentionMask, shape: [indices.length, length], indices: Int32Array.from(indices) });
    },
  };
  return { dataset, documentOf: Int32Array.from(documentOf), tokens, unknownTokens };
}
