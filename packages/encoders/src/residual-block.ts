import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type Module, type ModuleFactory } from '@selfsup/core';
import { conv2d } from './layers/conv2d.ts';
import { kaimingNormal } from './layers/initializers.ts';
import type { NormLayer } from './layers/norm.ts';
import { recomputed } from './layers/recomputed.ts';
import { sequential, type Layer } from './layers/sequential.ts';

/** Options of {@link residualBlock}. */
export interface ResidualBlockOptions {
  /** `basic`: two 3×3 convolutions. `bottleneck`: 1×1, 3×3 and 1×1 to four times the width. */
  kind: 'basic' | 'bottleneck';
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the 3×3 convolutions; the output has `width` (basic) or `4 · width` (bottleneck). */
  width: number;
  /** Step of the first 3×3 convolution and of the shortcut. */
  stride: number;
  /** The normalization after each convolution. */
  norm: NormLayer;
  /** Whether the scale of the branch's last normalization starts as zero. */
  zeroInitLastNorm: boolean;
}

/** Channels of a block's output per channel of its 3×3 convolutions. */
export const expansion = { basic: 1, bottleneck: 4 } as const;

/** The branch up to its last convolution, whose normalization also adds the shortcut and applies the ReLU. */
function branch(options: ResidualBlockOptions): { layers: ModuleFactory<tf.Tensor4D, tf.Tensor4D>; lastNorm: string } {
  const { kind, inChannels, width, stride, norm } = options;
  const convolutions =
    kind === 'basic'
      ? [
          { inChannels, filters: width, kernelSize: 3, stride, padding: 1 },
          { inChannels: width, filters: width, kernelSize: 3, padding: 1 },
        ]
      : [
          { inChannels, filters: width, kernelSize: 1 },
          { inChannels: width, filters: width, kernelSize: 3, stride, padding: 1 }, // the stride sits on the 3×3 convolution
          { inChannels: width, filters: width * expansion.bottleneck, kernelSize: 1 },
        ];
  const layers: Record<string, Layer> = {};
  for (const [i, convolution] of convolutions.entries()) {
    layers[`conv${i + 1}`] = conv2d({ ...convolution, initializer: kaimingNormal });
    if (i < convolutions.length - 1) layers[`norm${i + 1}`] = norm(convolution.filters, { activation: 'relu' });
  }
  return { layers: sequential(layers), lastNorm: `norm${convolutions.length}` };
}

/**
 * A residual block: ReLU(branch(x) + shortcut(x)), where the shortcut is the identity or, when the shape changes, a 1×1 convolution and a normalization.
 *
 * @param options see {@link ResidualBlockOptions}
 * @returns a factory of modules with the paths `conv1/kernel`, `norm1/…`, … and, where the shape changes, `downsample/conv/kernel`, `downsample/norm/…`
 * @see He et al.: "Deep Residual Learning for Image Recognition", figure 5, https://arxiv.org/abs/1512.03385
 */
export function residualBlock(options: ResidualBlockOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const { kind, inChannels, width, stride, norm, zeroInitLastNorm } = options;
  const outChannels = width * expansion[kind];
  const { layers, lastNorm } = branch(options);
  const ending = norm(outChannels, { initialScale: zeroInitLastNorm ? 0 : 1, activation: 'relu' });
  const shortcut =
    stride === 1 && inChannels === outChannels
      ? undefined
      : sequential<tf.Tensor4D, tf.Tensor4D>({
          conv: conv2d({ inChannels, filters: outChannels, kernelSize: 1, stride, initializer: kaimingNormal }),
          norm: norm(outChannels),
        });
  return (rng) => {
    const body = layers(rng);
    const last = ending(rng.fold(lastNorm));
    const downsample: Module<tf.Tensor4D, tf.Tensor4D> | undefined = shortcut?.(rng.fold('downsample'));
    const joined = (of: 'trainable' | 'buffers') => joinVariables({ [lastNorm]: last[of], downsample: downsample?.[of] ?? {} });
    return recomputed({
      trainable: { ...body.trainable, ...joined('trainable') },
      buffers: { ...body.buffers, ...joined('buffers') },
      apply: (input, apply) =>
        tf.tidy(() => {
          const y = body.apply(input, apply); // [batch, height / stride, width / stride, outChannels]
          return last.apply(y, { ...apply, residual: downsample ? downsample.apply(input, apply) : input });
        }),
      dispose() {
        body.dispose();
        last.dispose();
        downsample?.dispose();
      },
    });
  };
}
