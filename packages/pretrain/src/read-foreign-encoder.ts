import { printable, SelfsupError } from '@selfsup/core';
import { loadTokenizer, wordPieceTokenizer, type Tokenizer } from '@selfsup/data/text';
import { readPretrained, type PretrainedSource } from '@selfsup/encoders';
import type { ForeignEncoder } from './import-encoder.ts';
import { hashTokenizer, TOKENIZER_FILE, tokenizerFile } from './text/run-tokenizer.ts';

/** Tokens of a sequence unless the positions of the encoder are fewer: what embeds a paragraph. */
const LENGTH = 256;
/** Side of the images where neither the user nor a description says one: that of ImageNet's crops. */
const SIDE = 224;

/** Weights and texts that another library wrote. */
export interface ForeignFiles {
  /** As the user named it, such as `hf:owner/name`. */
  readonly name: string;
  /** The revision of a repository. */
  readonly revision?: string | undefined;
  /** Of its weights, in hexadecimal. */
  readonly sha256: string;
  /** Texts by name: `config.json`, `preprocessor_config.json`, `tokenizer.json`, `vocab.txt`, `tokenizer_config.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** The tensors by their names there, floating-point ones as float32. */
  readonly tensors: PretrainedSource['tensors'];
}

/** What the encoder is adapted to. */
export interface ForeignOptions {
  /** Side of the images in pixels; default what its description says, or 224. */
  readonly imageSize?: number | undefined;
  /** Channels of the images; default those of its first layer. */
  readonly channels?: number | undefined;
}

function jsonOf(name: string, file: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${printable(name)}: ${file} is not valid JSON`, { cause: error });
  }
}

/** The tokenizer that belongs to a text encoder. */
async function tokenizerOf({ name, files }: ForeignFiles): Promise<Tokenizer> {
  const { [TOKENIZER_FILE]: json, 'vocab.txt': vocabulary } = files;
  if (json !== undefined) return loadTokenizer(json, { name: TOKENIZER_FILE });
  if (vocabulary === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${printable(name)} has neither tokenizer.json nor vocab.txt; without them its token ids mean nothing`,
    );
  const config = jsonOf(name, 'tokenizer_config.json', files['tokenizer_config.json']) as { do_lower_case?: unknown } | undefined;
  return wordPieceTokenizer(vocabulary, { lowercase: config?.do_lower_case !== false });
}

/**
 * Understands what another library wrote: which encoder it is, with its weights, its normalization or its tokenizer, ready for `importEncoder`.
 *
 * @param source weights and the texts beside them; in Node `openPretrainedSource` of `@selfsup/pretrain/node` reads them
 * @param options see {@link ForeignOptions}
 * @returns the encoder, and what was left out or assumed, in words
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when no encoder of ours fits, or tensors are missing, unexpected or of another shape
 */
export async function readForeignEncoder(
  source: ForeignFiles,
  { imageSize, channels }: ForeignOptions = {},
): Promise<{ readonly foreign: ForeignEncoder; readonly notes: readonly string[] }> {
  const { name, revision, sha256, files, tensors } = source;
  const config = jsonOf(name, 'config.json', files['config.json']);
  const preprocessor = jsonOf(name, 'preprocessor_config.json', files['preprocessor_config.json']);
  const read = readPretrained(
    { tensors, name: printable(name), ...(config !== undefined && { config }), ...(preprocessor !== undefined && { preprocessor }) },
    { ...(imageSize !== undefined && { imageSize }), ...(channels !== undefined && { channels }) },
  );
  const shared = {
    ...{ encoder: read.encoder, encoderOptions: { ...read.options }, weights: read.weights },
    source: { name, sha256, family: read.family, ...(revision !== undefined && { revision }) },
  };
  const left = read.left.length > 0 ? [`left out: ${read.left.join(', ')}`] : [];
  const notes = [...left, ...read.notes];
  if (read.kind !== 'bert') {
    const size = imageSize ?? read.imageSize ?? SIDE;
    const { mean, std } = read.normalization;
    return { foreign: { ...shared, modality: 'image', input: { size, channels: read.channels, mean: [...mean], std: [...std] } }, notes };
  }
  const tokenizer = await tokenizerOf(source);
  if (tokenizer.vocabularySize > read.vocabularySize)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${printable(name)}: the tokenizer has ${tokenizer.vocabularySize} tokens, the encoder embeddings for ${read.vocabularySize}; give the tokenizer that belongs to it`,
    );
  const length = Math.min(LENGTH, read.options.maxPositions ?? 512);
  const input = { vocabularySize: read.vocabularySize, length, tokenizerHash: await hashTokenizer(tokenizer) };
  return {
    foreign: { ...shared, modality: 'text', input, options: { length }, files: { [TOKENIZER_FILE]: tokenizerFile(tokenizer) } },
    notes,
  };
}
