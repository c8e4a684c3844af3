import { convNet, resnet18, resnet34, resnet50, type EncoderFactory } from '@selfsup/encoders';
import { createRegistry } from './registry.ts';

/** What an encoder is built for. */
export interface EncoderContext {
  /** Channels of the images. */
  readonly channels: number;
  /** Height and width of the images. */
  readonly imageSize: number;
  /** `encoderOptions` of the run: passed on to the encoder, over the defaults. */
  readonly options: Readonly<Record<string, unknown>>;
}

const resnet =
  (build: typeof resnet18) =>
  ({ channels, imageSize, options }: EncoderContext): EncoderFactory =>
    build({ channels, stem: imageSize <= 64 ? 'cifar' : 'imagenet', ...options });

/** The encoders of `--encoder`. A new one is a line here. */
export const encoders = createRegistry<(context: EncoderContext) => EncoderFactory>('encoder', {
  'conv-net': ({ channels, options }) => convNet({ channels, ...options }),
  resnet18: resnet(resnet18),
  resnet34: resnet(resnet34),
  resnet50: resnet(resnet50),
});
