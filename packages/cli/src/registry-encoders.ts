import { convNet, resnet18, resnet34, resnet50, vit, type EncoderFactory, type VitSize } from '@selfsup/encoders';
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

type EncoderEntry = (context: EncoderContext) => EncoderFactory;

const resnet =
  (build: typeof resnet18): EncoderEntry =>
  ({ channels, imageSize, options }) =>
    build({ channels, stem: imageSize <= 64 ? 'cifar' : 'imagenet', ...options });

/** A Vision Transformer of a published size, with patches of 4 pixels for small images; options may change the size too. */
const transformer =
  (size: VitSize): EncoderEntry =>
  ({ channels, imageSize, options }) =>
    vit({ ...size, channels, imageSize, patchSize: imageSize <= 64 ? 4 : 16, ...options });

const convolutional: Readonly<Record<string, EncoderEntry>> = {
  'conv-net': ({ channels, options }) => convNet({ channels, ...options }),
  resnet18: resnet(resnet18),
  resnet34: resnet(resnet34),
  resnet50: resnet(resnet50),
};

const ofPatches: Readonly<Record<string, EncoderEntry>> = {
  'vit-tiny': transformer({ numLayers: 12, width: 192, numHeads: 3 }),
  'vit-small': transformer({ numLayers: 12, width: 384, numHeads: 6 }),
  'vit-base': transformer({ numLayers: 12, width: 768, numHeads: 12 }),
};

/** Those that see patches, of images whose sides are multiples of a patch's. */
export const patchEncoderNames: readonly string[] = Object.keys(ofPatches);

/** The encoders of `--encoder`. A new one is a line in one of the groups above. */
export const encoders = createRegistry<EncoderEntry>('encoder', { ...convolutional, ...ofPatches });
