import { createRng, SelfsupError } from '@selfsup/core';
import { maskedLanguageHead, type BertFactory } from '@selfsup/encoders';
import { restoreModule } from '@selfsup/trainer';
import { withMergedAdapters } from '../adapters.ts';
import { parseOptions } from '../option-schema.ts';
import type { RunFile } from '../run-file.ts';
import { textEncoders } from './encoders.ts';
import type { MaskGuess } from './mask-guess.ts';
import { predictMask } from './predict-mask.ts';
import { readRunTokenizer } from './run-tokenizer.ts';
import { sequenceEncoder } from './sequence-encoder.ts';

/** What {@link openFillMask} needs of a run; from its folder, or fetched. */
export interface OpenFillMaskOptions {
  /** The content of run.json. */
  run: RunFile;
  /** The bytes of checkpoint.safetensors. */
  checkpoint: Uint8Array;
  /** The files of the run by name; `tokenizer.json` among them. */
  files: Readonly<Record<string, string>>;
  /** Makes encoders of the run's kind; default that of its name among those of this package. */
  backbone?: BertFactory;
}

/** A model that fills masks. */
export interface FillMask {
  /** Updates that it has seen. */
  readonly step: number;
  /** The longest text in tokens, special ones included. */
  readonly maxLength: number;
  /** Guesses the words at the masks of a text, see {@link predictMask}; `top`: how many for each, default 5. */
  fill(text: string, options?: { top?: number }): Promise<MaskGuess[][]>;
  /** Disposes the networks. */
  dispose(): void;
}

function backboneOf({ encoder: { name, options }, input }: RunFile): BertFactory {
  const recipe = textEncoders.find((candidate) => candidate.name === name);
  if (!recipe)
    throw new SelfsupError('SELFSUP_OPTION', `openFillMask: the run has an encoder of its own, ${name}; give its factory as \`backbone\``);
  return recipe.create(parseOptions(recipe.options, options, { who: `encoder ${name}` }), input);
}

/**
 * Opens a run of `masked-language` to guess words; a backend must be in force.
 *
 * @param options see {@link OpenFillMaskOptions}
 * @returns see {@link FillMask}; dispose it
 * @throws SelfsupError `SELFSUP_OPTION` on a run of another task, `SELFSUP_CHECKPOINT` when checkpoint or tokenizer do not belong to the run
 * @example
 * ```ts
 * const model = await openFillMask({ run: parseRunFile(json, 'run.json'), checkpoint, files: { 'tokenizer.json': tokenizer } });
 * console.log(await model.fill('Paris is the [MASK] of France.'));
 * model.dispose();
 * ```
 */
export async function openFillMask(options: OpenFillMaskOptions): Promise<FillMask> {
  const { run, files } = options;
  const checkpoint = await withMergedAdapters(options.checkpoint);
  if (run.settings.task !== 'masked-language')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the run learned ${run.settings.task}; only runs of masked-language have a head that guesses masked words`,
    );
  const tokenizer = await readRunTokenizer(files, run.input);
  const { backbone = backboneOf(run) } = options;
  const { outputDim: width, vocabularySize, embeddingDim } = backbone;
  const rng = createRng(0); // every value that it draws is overwritten
  const encoder = backbone(rng);
  const head = maskedLanguageHead({ width, vocabularySize, embeddingDim })(rng);
  const dispose = () => {
    encoder.dispose();
    head.dispose();
  };
  try {
    const { step } = await restoreModule(encoder, checkpoint, { prefix: run.encoder.prefix });
    await restoreModule(head, checkpoint, { prefix: 'head' });
    const maxLength = encoder.options.maxPositions;
    return { step, maxLength, fill: (text, { top = 5 } = {}) => predictMask(text, { encoder: sequenceEncoder(encoder), head, tokenizer, maxLength, top }), dispose }; // prettier-ignore
  } catch (error) {
    dispose();
    throw error;
  }
}
