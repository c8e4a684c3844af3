import { createRng, SelfsupError } from '@selfsup/core';
import { bert, maskedLanguageHead, nextSentenceHead, type MaskedLanguageHead, type ToHuggingFaceBertOptions } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';
import { restoreModule } from '@selfsup/trainer';
import { withMergedAdapters } from '../../adapters.ts';

/** What a checkpoint does not say about its BERT. */
export interface BertCheckpointOptions {
  /** Heads of the attention; default one per 64 columns, as in all published sizes. */
  numHeads?: number;
  /** See `bert`. */
  dropoutRate?: number;
  /** See `bert`. */
  attentionDropoutRate?: number;
  /** See `bert`. */
  epsilon?: number;
}

/** The networks of a checkpoint. */
export interface BertCheckpoint extends Pick<ToHuggingFaceBertOptions, 'backbone' | 'nextSentenceHead'> {
  /** What guesses tokens from the states of the backbone, if the checkpoint has it. */
  readonly head?: MaskedLanguageHead;
  /** Updates that they have seen. */
  readonly step: number;
  /** Disposes all of them. */
  dispose(): void;
}

/**
 * Rebuilds the BERT of a checkpoint of `masked-language`, and its heads, from the shapes that it holds; a backend must be in force.
 *
 * @param given the whole checkpoint
 * @param options see {@link BertCheckpointOptions}
 * @returns see {@link BertCheckpoint}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged or its backbone is no BERT
 * @remarks A head of a checkpoint with a `decoder/`, as `tsdae` and `span-corruption` train one, reads that decoder's states: it is left out.
 */
export async function openBertCheckpoint(given: Uint8Array, options: BertCheckpointOptions = {}): Promise<BertCheckpoint> {
  const bytes = await withMergedAdapters(given);
  const { tensors } = decodeSafetensors(bytes);
  const shapeOf = (path: string): readonly number[] => {
    const tensor = tensors.get(`trainable/${path}`);
    if (tensor?.shape.length !== 2)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `the checkpoint holds no BERT: its \`${path}\` must have rank 2, got ${tensor?.shape.length ?? 'none'}`,
      );
    return tensor.shape;
  };
  const has = (path: string) => tensors.has(`trainable/${path}`);
  const [vocabularySize, embeddingDim] = shapeOf('backbone/embeddings/word/weight') as [number, number];
  const [width, columns] = shapeOf('backbone/encoder/layer0/attention/query/kernel') as [number, number];
  if (width !== columns)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the checkpoint holds no BERT: the kernel of its query must be square, got [${width}, ${columns}]`,
    );
  let numLayers = 1;
  while (has(`backbone/encoder/layer${numLayers}/attention/query/kernel`)) numLayers++;
  const sizes = {
    vocabularySize,
    embeddingDim,
    width,
    numLayers,
    maxPositions: shapeOf('backbone/embeddings/position/weight')[0]!,
    numSegments: has('backbone/embeddings/segment/weight') ? shapeOf('backbone/embeddings/segment/weight')[0]! : 0,
    hiddenDim: shapeOf('backbone/encoder/layer0/intermediate/kernel')[1]!,
  };
  const rng = createRng(0); // every value that it draws is overwritten
  const backbone = bert({ numHeads: Math.max(1, Math.floor(width / 64)), ...options, ...sizes })(rng);
  const isDecoded = [...tensors.keys()].some((path) => path.startsWith('trainable/decoder/'));
  const head = has('head/dense/kernel') && !isDecoded ? maskedLanguageHead(sizes)(rng) : undefined;
  const next = has('nextSentenceHead/pooler/kernel') ? nextSentenceHead(sizes)(rng) : undefined;
  const dispose = () => {
    for (const part of [backbone, head, next]) part?.dispose();
  };
  try {
    const { step } = await restoreModule(backbone, bytes);
    if (head) await restoreModule(head, bytes, { prefix: 'head' });
    if (next) await restoreModule(next, bytes, { prefix: 'nextSentenceHead' });
    return { backbone, ...(head ? { head } : {}), ...(next ? { nextSentenceHead: next } : {}), step, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
