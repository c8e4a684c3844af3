import { createRng } from '@selfsup/core';
import { specialTokenId, type Tokenizer, type TokenRows } from '@selfsup/data/text';
import { bert, discriminatorHead, maskedLanguageHead } from '@selfsup/encoders';
import { restoreModule } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { OpenedTextRun } from './open-text-run.ts';
import { generatorSize } from './registry-text-tasks.ts';

/** What networks say about places of a sequence. */
export interface PlaceGuesses {
  /** For each place, the probability of every token. */
  readonly probabilities: Float32Array[];
  /** With the generator's best wrong token at each place: the probability with which the discriminator finds that token replaced; only of `replaced-token`. */
  readonly found?: { readonly ids: readonly number[]; readonly probabilities: readonly number[] };
}

/** Guesses the tokens at places of a sequence. */
export interface TokenGuesser {
  /** How it sees a place: hidden among all others, or from what is before it. */
  readonly sees: 'both sides' | 'before';
  /** @param places ascending, none of them the first token */
  guess(row: Pick<TokenRows, 'tokenIds' | 'attentionMask' | 'segmentIds'>, places: readonly number[]): PlaceGuesses;
  /** Disposes what the run itself does not have. */
  dispose(): void;
}

/** Highest probability but for the true token and the special ones. */
function bestWrong(probabilities: Float32Array, never: ReadonlySet<number>): number {
  let best = -1;
  for (let id = 0; id < probabilities.length; id++)
    if (!never.has(id) && (best < 0 || probabilities[id]! > probabilities[best]!)) best = id;
  return best;
}

/**
 * Makes the guesser of a run with the networks that its task trained: the masked-language or next-token head, or the generator with the discriminator's verdict.
 *
 * @param opened the run
 * @param options `tokenizer` of the run, and `bytes`: its checkpoint
 * @returns see {@link TokenGuesser}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the heads do not fit the checkpoint
 */
export async function tokenGuesser(
  opened: Pick<OpenedTextRun, 'encoder' | 'backbone' | 'file'>,
  options: { tokenizer: Tokenizer; bytes: Uint8Array },
): Promise<TokenGuesser> {
  const { encoder, backbone, file } = opened;
  const { tokenizer, bytes } = options;
  const { task } = file.settings;
  const { outputDim, vocabularySize, embeddingDim } = backbone;
  const [replaced, causal] = [task === 'replaced-token', task === 'next-token'];
  const rng = createRng(0); // all weights are overwritten
  const size = generatorSize(backbone);
  const guessing = replaced ? bert(size)(rng, encoder) : encoder; // the generator has the embeddings of the encoder
  const head = maskedLanguageHead({ width: replaced ? size.width : outputDim, vocabularySize, embeddingDim })(rng);
  const verdict = replaced ? discriminatorHead({ width: outputDim })(rng) : undefined;
  const dispose = () => {
    if (guessing !== encoder) guessing.dispose();
    head.dispose();
    verdict?.dispose();
  };
  try {
    if (guessing !== encoder) await restoreModule(guessing, bytes, { prefix: 'generator' });
    await restoreModule(head, bytes, { prefix: replaced ? 'generatorHead' : 'head' });
    if (verdict) await restoreModule(verdict, bytes, { prefix: 'discriminatorHead' });
  } catch (error) {
    dispose();
    throw error;
  }
  const maskId = causal ? undefined : specialTokenId(tokenizer, 'mask');
  const inputs = (ids: Int32Array, { attentionMask, segmentIds }: Pick<TokenRows, 'attentionMask' | 'segmentIds'>) => {
    const { length } = ids;
    const row = (values: Int32Array) => tf.tensor2d(values, [1, length], 'int32');
    const sees = (query: number, key: number) => (key <= query ? attentionMask[key]! : 0);
    const mask = causal
      ? tf.tensor3d(
          Float32Array.from({ length: length * length }, (_, i) => sees(Math.floor(i / length), i % length)),
          [1, length, length],
        )
      : row(attentionMask);
    return { tokenIds: row(ids), attentionMask: mask, ...(segmentIds && { segmentIds: row(segmentIds) }) };
  };
  const guess: TokenGuesser['guess'] = (row, places) =>
    tf.tidy(() => {
      const asked = Int32Array.from(row.tokenIds);
      if (maskId !== undefined) for (const place of places) asked[place] = maskId;
      const hidden = guessing.encode(inputs(asked, row), { training: false }); // [1, length, width]
      const positions = tf.tensor1d(Int32Array.from(places, (place) => place - (causal ? 1 : 0)), 'int32'); // prettier-ignore
      const all = tf.softmax(head.predict(hidden, { positions, wordEmbedding: guessing.wordEmbedding })).dataSync<'float32'>();
      const probabilities = places.map((_, i) => all.slice(i * vocabularySize, (i + 1) * vocabularySize));
      if (!verdict) return { probabilities };
      const ids = places.map((place, i) => bestWrong(probabilities[i]!, new Set([...tokenizer.specialIds, row.tokenIds[place]!])));
      const filled = Int32Array.from(row.tokenIds);
      places.forEach((place, i) => (filled[place] = ids[i]!));
      const states = encoder.encode(inputs(filled, row), { training: false }); // [1, length, width]
      const odds = verdict.apply(tf.gather(tf.squeeze<tf.Tensor2D>(states, [0]), positions), { training: false }); // [places, 1]
      return { probabilities, found: { ids, probabilities: [...tf.sigmoid(odds).dataSync<'float32'>()] } };
    });
  return { sees: causal ? 'before' : 'both sides', guess, dispose };
}
