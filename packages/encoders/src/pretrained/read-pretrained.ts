import type { BertFactory, BertOptions, BertSize } from '../bert.ts';
import { checkIntegers } from '../layers/check-option.ts';
import type { MappedEncoderFactory } from '../mapped-encoder.ts';
import type { ResnetOptions } from '../resnet.ts';
import type { SavedWeights } from '../save-weights.ts';
import type { VitFactory, VitOptions, VitSize } from '../vit.ts';
import { configFields } from './config-fields.ts';
import type { ReadTensors } from './name-table.ts';
import { adaptNormalization, readImageSize, readNormalization, type Normalization } from './normalization.ts';
import { readBert } from './read-bert.ts';
import { readResnet } from './read-resnet.ts';
import { readVit } from './read-vit.ts';
import { recognizeFamily, type PretrainedFamily } from './recognize-family.ts';
import { withWeights } from './with-weights.ts';

/** What {@link readPretrained} reads. */
export interface PretrainedSource {
  /** The tensors of the file by name, decoded: floating-point ones as a Float32Array. */
  readonly tensors: ReadTensors;
  /** The parsed `config.json` of Hugging Face or timm; default none: then all is recognized by names and shapes. */
  readonly config?: unknown;
  /** The parsed `preprocessor_config.json`. */
  readonly preprocessor?: unknown;
  /** What messages call the file; default `readPretrained`. */
  readonly name?: string;
}

/** Options of {@link readPretrained}. */
export interface ReadPretrainedOptions {
  /** Channels of the images; default the file's. For one the kernels are summed, for more repeated and scaled. */
  readonly channels?: number;
  /** Height and width of the images in pixels; default the file's. Learned positions are interpolated. */
  readonly imageSize?: number;
  /** Height and width of a patch in pixels; default the file's. The kernel is resized as in FlexiViT. */
  readonly patchSize?: number;
  /** Heads of the attention where no config says it; default one per 64 columns, 12 for a BERT of 384. */
  readonly numHeads?: number;
  /** Whether a Vision Transformer is to have a mask token, the file's or one of zeros; default false: it is left out. */
  readonly maskToken?: boolean;
  /** What stands before the names of the network that is meant, where a file has several; default the teacher's, or the only one. */
  readonly prefix?: string;
}

interface Pretrained {
  /** Whose names the tensors had. */
  readonly family: PretrainedFamily;
  /** All variables by path, as `loadWeights` takes them. They may share memory with the file's tensors. */
  readonly weights: SavedWeights;
  /** What the file has beside the encoder, by kind: `classifier`, `pooler`, `decoder`, `projector`, `student`, `training state` … */
  readonly left: readonly string[];
  /** What was assumed and changed, in sentences without their full stop. */
  readonly notes: readonly string[];
}

interface PretrainedImages extends Pretrained {
  /** Channels of the images. */
  readonly channels: number;
  /** What the pixels, in [0, 1], go through before the encoder; per channel. */
  readonly normalization: Normalization;
}

/** A ResNet that someone trained. */
export interface PretrainedResnet extends PretrainedImages {
  /** What it is. */
  readonly kind: 'resnet';
  /** Its name among the encoders of runs. */
  readonly encoder: 'resnet18' | 'resnet34' | 'resnet50';
  /** Its options there, and those of the function of that name but for `channels`. */
  readonly options: Omit<ResnetOptions, 'channels'>;
  /** Height and width in pixels of the images that it was trained on, should something say so. */
  readonly imageSize?: number;
  /** Makes encoders with these weights. */
  readonly factory: MappedEncoderFactory;
}

/** A Vision Transformer that someone trained. */
export interface PretrainedVit extends PretrainedImages {
  /** What it is. */
  readonly kind: 'vit';
  /** Its name among the encoders of runs, by its width. */
  readonly encoder: 'vit-tiny' | 'vit-small' | 'vit-base';
  /** Its options there, the size among them, and those of `vit` but for `channels` and `imageSize`. */
  readonly options: Omit<VitOptions, 'channels' | 'imageSize'> & VitSize;
  /** Height and width in pixels of the images that its positions are for. */
  readonly imageSize: number;
  /** Makes encoders with these weights. */
  readonly factory: VitFactory;
}

/** A BERT that someone trained. */
export interface PretrainedTextEncoder extends Pretrained {
  /** What it is. */
  readonly kind: 'bert';
  /** Its name among the encoders of runs, the nearest in size. */
  readonly encoder: 'bert-tiny' | 'bert-mini' | 'bert-small' | 'bert-medium' | 'bert-base';
  /** Its options there, the size among them, and those of `bert` but for `vocabularySize`. */
  readonly options: Omit<BertOptions, 'vocabularySize'> & BertSize;
  /** Rows of its word embedding. */
  readonly vocabularySize: number;
  /** Makes encoders with these weights. */
  readonly factory: BertFactory;
}

/** An encoder that someone trained, in our names. */
export type PretrainedEncoder = PretrainedResnet | PretrainedVit | PretrainedTextEncoder;

/**
 * Reads an encoder that someone else trained: recognizes whose names the tensors have, and gives them our paths, shapes and options.
 *
 * @param source see {@link PretrainedSource}
 * @param options see {@link ReadPretrainedOptions}
 * @returns see {@link PretrainedEncoder}; nothing is on a backend before its `factory` is called
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when no network or several are recognized, a config contradicts the tensors or asks for what our networks lack, or tensors are
 * missing, have another shape or have no place, each kind counted and the first named; `SELFSUP_OPTION` on an option out of range
 * @see Beyer et al.: "FlexiViT", section 3.4, https://arxiv.org/abs/2212.08013, for patches of another size
 * @remarks Reads ResNet-18, -34 and -50 (torchvision, timm, Hugging Face), Vision Transformers (timm, DeiT, DINO, DINOv2 with LayerScale and registers, MAE; Hugging Face's
 * `ViTModel`, `ViTMAEModel`, `Dinov2Model`, `Dinov2WithRegistersModel`), BERT, MiniLM and DistilBERT (Hugging Face), with prefixes such as `module.` and
 * `teacher.backbone.`. Positions pass bicubic interpolation with antialiasing, as in timm. Fixed positions, MAE's, are recognized by their values and stay fixed. The
 * normalization of one channel is the mean of those of three.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { readPretrained, resnet18, saveWeights, toForeign } from '@selfsup/encoders';
 * const weights = await saveWeights(resnet18()(createRng(0)));
 * const tensors = toForeign('resnet', weights, { encoder: 'resnet18' }); // torchvision's names
 * const read = readPretrained({ tensors }, { channels: 1 });
 * console.log(read.encoder, read.kind === 'bert' ? 0 : read.normalization.mean.length); // resnet18, 1
 * ```
 */
export function readPretrained(source: PretrainedSource, options: ReadPretrainedOptions = {}): PretrainedEncoder {
  const { tensors, name: who = 'readPretrained' } = source;
  const { channels: wanted, imageSize, patchSize, numHeads, maskToken = false, prefix } = options;
  for (const [name, value] of Object.entries({ channels: wanted, imageSize, patchSize, numHeads }))
    if (value !== undefined) checkIntegers(who, { [name]: value });
  const config = configFields(who, 'config.json', source.config);
  const preprocessor = configFields(who, 'preprocessor_config.json', source.preprocessor);
  const found = recognizeFamily(who, tensors, { prefix });
  const family = found.table.family as PretrainedFamily;
  if (found.table.kind === 'bert') {
    const { build, description, ...read } = readBert(who, found, { config, numHeads });
    return { family, kind: 'bert', ...read, vocabularySize: description.vocabularySize, factory: withWeights(build, read.weights) };
  }
  const normalizationOf = ({ channels, fileChannels, notes }: { channels: number; fileChannels: number; notes: readonly string[] }) => {
    const { normalization, note } = readNormalization(who, { config, preprocessor, channels: fileChannels });
    return { normalization: adaptNormalization(normalization, channels), notes: note === undefined ? notes : [...notes, note] };
  };
  if (found.table.kind === 'resnet') {
    const { build, fileChannels, ...read } = readResnet(who, found, { config, channels: wanted });
    const size = imageSize ?? readImageSize({ config, preprocessor });
    return {
      family,
      kind: 'resnet',
      ...read,
      ...normalizationOf({ ...read, fileChannels }),
      ...(size !== undefined && { imageSize: size }),
      factory: withWeights(build, read.weights),
    };
  }
  const { build, fileChannels, ...read } = readVit(who, found, {
    config,
    wishes: { channels: wanted, imageSize, patchSize, numHeads, maskToken },
  });
  return { family, kind: 'vit', ...read, ...normalizationOf({ ...read, fileChannels }), factory: withWeights(build, read.weights) };
}
