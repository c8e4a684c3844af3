import { drawNormal, drawUniform, type Rng } from '@selfsup/core';

/** How many inputs one output of a layer reads and how many outputs one input reaches. */
export interface Fan {
  /** Inputs per output: `kernel height · kernel width · input channels`. */
  readonly fanIn: number;
  /** Outputs per input: `kernel height · kernel width · output channels`. */
  readonly fanOut: number;
}

/** Draws the initial values of a weight: `count` numbers of the stream `rng` for a layer with these fans. */
export type Initializer = (rng: Rng, count: number, fan: Fan) => Float32Array;

/**
 * PyTorch's default for linear and convolution layers, weights and biases alike: uniform in ±1/√fanIn.
 *
 * @param rng the stream
 * @param count how many numbers
 * @param fan the layer's fans
 * @returns `count` numbers
 * @remarks `torch.nn.init.kaiming_uniform_` with its `a = √5`: gain √(2/(1 + 5)), bound gain · √(3/fanIn) = 1/√fanIn.
 * @see He et al.: "Delving Deep into Rectifiers", section 2.2, https://arxiv.org/abs/1502.01852
 */
export const kaimingUniform: Initializer = (rng, count, { fanIn }) => {
  const bound = 1 / Math.sqrt(fanIn);
  return drawUniform(rng, count, { min: -bound, max: bound });
};

/**
 * torchvision's initial values for the convolutions of a ResNet: normal with variance 2/fanOut.
 *
 * @param rng the stream
 * @param count how many numbers
 * @param fan the layer's fans
 * @returns `count` numbers
 * @see He et al.: "Delving Deep into Rectifiers", section 2.2 (backward case), https://arxiv.org/abs/1502.01852
 */
export const kaimingNormal: Initializer = (rng, count, { fanOut }) => drawNormal(rng, count, { standardDeviation: Math.sqrt(2 / fanOut) });
