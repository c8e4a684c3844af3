import { SelfsupError } from '@selfsup/core';
import { bertBase, bertMedium, bertMini, bertSmall, bertTiny, type BertFactory } from '@selfsup/encoders';
import { createRegistry } from '../registry.ts';

/** What an encoder of text is built for. */
export interface TextEncoderContext {
  /** Ids are below it. */
  readonly vocabularySize: number;
  /** Tokens of the run's sequences. */
  readonly length: number;
  /** `encoderOptions` of the run: passed on to the encoder, over the defaults. */
  readonly options: Readonly<Record<string, unknown>>;
}

const build =
  (size: typeof bertTiny) =>
  ({ vocabularySize, length, options }: TextEncoderContext): BertFactory => {
    const { maxPositions } = options;
    if (typeof maxPositions === 'number' && maxPositions < length)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `--length ${length} is over the ${maxPositions} positions of the encoder; use --length ${maxPositions} or less, or a larger \`maxPositions\``,
      );
    return size({ vocabularySize, maxPositions: Math.max(512, length), ...options });
  };

/** The encoders of `--encoder` for tasks on text. A new one is a line here. */
export const textEncoders = createRegistry<(context: TextEncoderContext) => BertFactory>('encoder of text', {
  'bert-tiny': build(bertTiny),
  'bert-mini': build(bertMini),
  'bert-small': build(bertSmall),
  'bert-medium': build(bertMedium),
  'bert-base': build(bertBase),
});
