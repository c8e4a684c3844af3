import type { Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkIntegers, checkOneOf } from './layers/check-option.ts';
import { conv2d } from './layers/conv2d.ts';
import { kaimingNormal } from './layers/initializers.ts';
import { maxPool } from './layers/max-pool.ts';
import { normLayer, type NormLayer, type NormOptions } from './layers/norm.ts';
import { sequential, type Layer } from './layers/sequential.ts';
import type { MappedEncoder, MappedEncoderFactory } from './mapped-encoder.ts';
import { expansion, residualBlock } from './residual-block.ts';
import { stagedEncoder } from './staged-encoder.ts';

/** Options of {@link resnet18}, {@link resnet34} and {@link resnet50}. */
export interface ResnetOptions extends NormOptions {
  /** Channels of the images, ≥ 1; default 3. */
  channels?: number;
  /** `imagenet` (default): 7×7 convolution with stride 2, then 3×3 max-pooling with stride 2. `cifar`: 3×3 convolution with stride 1, no pooling. */
  stem?: 'cifar' | 'imagenet';
  /** Whether the scale of the last normalization of every block starts as zero, so that a block starts as its shortcut; default false. */
  zeroInitLastNorm?: boolean;
}

type Kind = 'basic' | 'bottleneck';
const widths = [64, 128, 256, 512] as const;

function stemLayers(stem: 'cifar' | 'imagenet', channels: number, norm: NormLayer): Record<string, Layer> {
  const filters = widths[0];
  const geometry = stem === 'cifar' ? { kernelSize: 3, padding: 1 } : { kernelSize: 7, stride: 2, padding: 3 };
  return {
    'stem/conv': conv2d({ inChannels: channels, filters, ...geometry, initializer: kaimingNormal }),
    'stem/norm': norm(filters, { activation: 'relu' }),
  };
}

function resnet(name: string, architecture: { kind: Kind; depths: readonly number[] }, options: ResnetOptions): MappedEncoderFactory {
  const { kind, depths } = architecture;
  const { channels = 3, stem = 'imagenet', zeroInitLastNorm = false } = options;
  checkIntegers(name, { channels });
  checkOneOf(name, 'stem', stem, ['cifar', 'imagenet']);
  const norm = normLayer(name, options);
  const parts = [{ name: 'stem', layers: stemLayers(stem, channels, norm), channels: widths[0] as number }];
  for (const [i, width] of widths.entries()) {
    const layers: Record<string, Layer> =
      i === 0 && stem === 'imagenet' ? { 'stem/pool': maxPool({ size: 3, stride: 2, padding: 1 }) } : {};
    const outChannels = width * expansion[kind];
    for (let block = 1; block <= depths[i]!; block++) {
      const stride = i > 0 && block === 1 ? 2 : 1;
      const inChannels = block === 1 ? parts.at(-1)!.channels : outChannels;
      layers[`stage${i + 1}/block${block}`] = residualBlock({ kind, inChannels, width, stride, norm, zeroInitLastNorm });
    }
    parts.push({ name: `stage${i + 1}`, layers, channels: outChannels });
  }
  const stages = parts.map(({ layers, ...part }) => ({ ...part, module: sequential<tf.Tensor4D, tf.Tensor4D>(layers) }));
  const create = (rng: Rng): MappedEncoder => {
    const made = stages.map((stage) => ({ ...stage, module: stage.module(rng) }));
    return stagedEncoder(name, made, channels);
  };
  const mapChannels = Object.fromEntries(parts.map((part) => [part.name, part.channels]));
  return Object.assign(create, { outputDim: parts.at(-1)!.channels, mapChannels });
}

/**
 * ResNet-18 without its classifier: 8 basic blocks, `[batch, height, width, channels]` to `[batch, 512]`.
 *
 * @param options see {@link ResnetOptions}
 * @returns a factory of encoders with the paths `stem/conv/kernel`, `stem/norm/scale`, `stage1/block1/conv1/kernel` … `stage2/block1/downsample/conv/kernel` …;
 * the maps are `stem`, after its ReLU and before its pooling, and `stage1` to `stage4`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see He et al.: "Deep Residual Learning for Image Recognition", table 1, https://arxiv.org/abs/1512.03385
 * @remarks Layer by layer torchvision's `resnet18` without `fc`, with its initial values (normal, variance 2/fanOut). The `cifar` stem is the one of SimCLR,
 * section B.9.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { resnet18 } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const backbone = resnet18({ stem: 'cifar' })(createRng(0));
 * const features = backbone.apply(tf.zeros([2, 32, 32, 3]), { training: false }); // [2, 512]
 * ```
 */
export function resnet18(options: ResnetOptions = {}): MappedEncoderFactory {
  return resnet('resnet18', { kind: 'basic', depths: [2, 2, 2, 2] }, options);
}

/**
 * ResNet-34 without its classifier: 16 basic blocks, `[batch, height, width, channels]` to `[batch, 512]`.
 *
 * @param options see {@link ResnetOptions}
 * @returns a factory of encoders with the paths of {@link resnet18}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see He et al.: "Deep Residual Learning for Image Recognition", table 1, https://arxiv.org/abs/1512.03385
 * @example
 * ```ts
 * import { resnet34 } from '@selfsup/encoders';
 * console.log(resnet34({ stem: 'imagenet' }).outputDim); // 512
 * ```
 */
export function resnet34(options: ResnetOptions = {}): MappedEncoderFactory {
  return resnet('resnet34', { kind: 'basic', depths: [3, 4, 6, 3] }, options);
}

/**
 * ResNet-50 without its classifier: 16 bottleneck blocks, `[batch, height, width, channels]` to `[batch, 2048]`.
 *
 * @param options see {@link ResnetOptions}
 * @returns a factory of encoders with the paths of {@link resnet18} and a third convolution per block
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see He et al.: "Deep Residual Learning for Image Recognition", table 1, https://arxiv.org/abs/1512.03385
 * @remarks The stride of a block sits on its 3×3 convolution, as in torchvision ("ResNet v1.5"); the paper has it on the first 1×1 convolution.
 * @example
 * ```ts
 * import { resnet50 } from '@selfsup/encoders';
 * console.log(resnet50({ zeroInitLastNorm: true }).outputDim); // 2048
 * ```
 */
export function resnet50(options: ResnetOptions = {}): MappedEncoderFactory {
  return resnet('resnet50', { kind: 'bottleneck', depths: [3, 4, 6, 3] }, options);
}
