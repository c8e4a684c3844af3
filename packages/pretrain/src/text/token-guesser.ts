import { createRng, SelfsupError, type VariableMap } from '@selfsup/core';
import { specialTokenId, type Tokenizer, type TokenRows } from '@selfsup/data/text';
import { bert, causalMask, discriminatorHead, maskedLanguageHead, type BertEncoder } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { ProbeContext } from '../modality.ts';
import { generatorSize, type GeneratorOptions } from './recipes/replaced-token.ts';
import { sequenceEncoder } from './sequence-encoder.ts';
import type { TextRunData } from './text-run-data.ts';
import type { TextOptions } from './text-options.ts';
import { textFacts } from './text-task.ts';

/** What networks say about places of a sequence. */
export interface PlaceGuesses {
  /** For each place, the probability of every token. */
  readonly probabilities: readonly Float32Array[];
  /**
   * With the generator's best wrong token at each place: the probability with which the discriminator finds that token replaced; only of a task with a
   * generator.
   */
  readonly found?: { readonly ids: readonly number[]; readonly probabilities: readonly number[] };
}

/** Guesses the tokens at places of a sequence. */
export interface TokenGuesser {
  /** @param places ascending, none of them the first token */
  guess(row: Pick<TokenRows, 'tokenIds' | 'attentionMask' | 'segmentIds'>, places: readonly number[]): Promise<PlaceGuesses>;
  /** Disposes its networks. */
  dispose(): void;
}

/** A network whose variables can be overwritten. */
type Network = { readonly trainable: VariableMap; dispose(): void };

/** Copies the weights that a task has trained under `prefix` into a network. */
function copyWeights(network: Network, trained: VariableMap, prefix: string): void {
  for (const [path, variable] of Object.entries(network.trainable)) {
    const source = trained[`${prefix}/${path}`];
    if (source?.shape.join() !== variable.shape.join())
      throw new SelfsupError(
        'SELFSUP_PLUGIN_API',
        `the task must have \`${prefix}/${path}\` [${variable.shape.join(', ')}] to guess tokens, got ${source ? `[${source.shape.join(', ')}]` : 'none'}; leave \`guessers\` out of its recipe`,
      );
    variable.assign(source);
  }
}

/** The token of the highest probability but for the true one and the special ones. */
function bestWrong(probabilities: Float32Array, never: ReadonlySet<number>): number {
  let best = -1;
  for (let id = 0; id < probabilities.length; id++)
    if (!never.has(id) && (best < 0 || probabilities[id]! > probabilities[best]!)) best = id;
  return best;
}

interface Networks {
  readonly guessing: Pick<BertEncoder, 'encode' | 'wordEmbedding'>;
  readonly head: ReturnType<ReturnType<typeof maskedLanguageHead>>;
  readonly verdict?: ReturnType<ReturnType<typeof discriminatorHead>>;
  readonly dispose: () => void;
}

/** Copies of the networks that a task trained to guess tokens. */
function copyNetworks(context: Pick<ProbeContext<TextRunData, TextOptions>, 'encoder' | 'task' | 'recipe' | 'taskOptions'>): Networks {
  const { task, recipe, taskOptions } = context;
  const encoder = sequenceEncoder(context.encoder);
  const [vocabularySize, embeddingDim] = encoder.wordEmbedding.shape;
  const rng = createRng(0); // every value that it draws is overwritten
  const made: Network[] = [];
  const copy = <N extends Network>(network: N, prefix: string): N => {
    made.push(network);
    copyWeights(network, task.trainable, prefix);
    return network;
  };
  const dispose = () => {
    for (const network of made) network.dispose();
  };
  try {
    if (textFacts(recipe).guessers === 'head') {
      const width = task.trainable['head/dense/kernel']?.shape[0] ?? embeddingDim;
      return { guessing: encoder, head: copy(maskedLanguageHead({ width, vocabularySize, embeddingDim })(rng), 'head'), dispose };
    }
    const width = task.trainable['discriminatorHead/dense/kernel']?.shape[0] ?? embeddingDim;
    const size = generatorSize(width, taskOptions as unknown as GeneratorOptions);
    const { maxPositions } = (context.encoder as BertEncoder).options;
    const generator = bert({ ...size, vocabularySize, embeddingDim, maxPositions })(rng, context.encoder as BertEncoder); // it has the embeddings of the encoder
    return {
      guessing: copy(generator, 'generator'),
      head: copy(maskedLanguageHead({ width: size.width, vocabularySize, embeddingDim })(rng), 'generatorHead'),
      verdict: copy(discriminatorHead({ width })(rng), 'discriminatorHead'),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Makes the guesser of a run with the networks that its task trained: the head on the encoder, or the generator with the discriminator's verdict.
 *
 * @param context the task at work; its recipe says which networks guess
 * @param tokenizer of the run
 * @returns see {@link TokenGuesser}
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when the task lacks the networks that its recipe names
 */
export function tokenGuesser(
  context: Pick<ProbeContext<TextRunData, TextOptions>, 'encoder' | 'task' | 'recipe' | 'taskOptions'>,
  tokenizer: Tokenizer,
): TokenGuesser {
  const { guessing, head, verdict, dispose } = copyNetworks(context);
  const encoder = sequenceEncoder(context.encoder);
  const isCausal = textFacts(context.recipe).sees === 'before';
  const maskId = isCausal ? undefined : specialTokenId(tokenizer, 'mask');
  const inputs = (ids: Int32Array, { attentionMask, segmentIds }: Pick<TokenRows, 'attentionMask' | 'segmentIds'>) => {
    const row = (values: Int32Array) => tf.tensor2d(values, [1, ids.length], 'int32');
    const mask = row(attentionMask);
    return { tokenIds: row(ids), attentionMask: isCausal ? causalMask(mask) : mask, ...(segmentIds && { segmentIds: row(segmentIds) }) };
  };
  const guess: TokenGuesser['guess'] = async (row, places) => {
    const asked = Int32Array.from(row.tokenIds);
    if (maskId !== undefined) for (const place of places) asked[place] = maskId;
    const positions = Int32Array.from(places, (place) => place - (isCausal ? 1 : 0));
    const shares = tf.tidy(() => {
      const hidden = guessing.encode(inputs(asked, row), { training: false }); // [1, length, width]
      return tf.softmax(head.predict(hidden, { positions: tf.tensor1d(positions, 'int32'), wordEmbedding: guessing.wordEmbedding })); // [places, vocabularySize]
    });
    const all = await shares.data<'float32'>();
    const columns = shares.shape[1];
    shares.dispose();
    const probabilities = places.map((_, i) => all.slice(i * columns, (i + 1) * columns));
    if (!verdict) return { probabilities };
    const ids = places.map((place, i) => bestWrong(probabilities[i]!, new Set([...tokenizer.specialIds, row.tokenIds[place]!])));
    const filled = Int32Array.from(row.tokenIds);
    for (const [i, place] of places.entries()) filled[place] = ids[i]!;
    const odds = tf.tidy(() => {
      const states = encoder.encode(inputs(filled, row), { training: false }); // [1, length, width]
      const chosen = tf.gather(tf.squeeze<tf.Tensor2D>(states, [0]), tf.tensor1d(positions, 'int32'));
      return tf.sigmoid(verdict.apply(chosen, { training: false })); // [places, 1]
    });
    const found = [...(await odds.data<'float32'>())];
    odds.dispose();
    return { probabilities, found: { ids, probabilities: found } };
  };
  return { guess, dispose };
}
