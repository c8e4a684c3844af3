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

/**
 * Glorot's initial values, which the masked image models use for their linear layers: uniform in ±√(6/(fanIn + fanOut)).
 *
 * @param rng the stream
 * @param count how many numbers
 * @param fan the layer's fans
 * @returns `count` numbers
 * @see Glorot, Bengio: "Understanding the difficulty of training deep feedforward neural networks", eq. 16, https://proceedings.mlr.press/v9/glorot10a.html
 */
export const xavierUniform: Initializer = (rng, count, { fanIn, fanOut }) => {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return drawUniform(rng, count, { min: -bound, max: bound });
};

/** All zeros, the usual start of a bias. */
export const zeros: Initializer = (_, count) => new Float32Array(count);

/** Draws farther from 0 than this many deviations are drawn again. */
const CUT = 2;

/**
 * BERT's initial values: normal around 0, cut at two deviations, where values beyond are drawn again.
 *
 * @param standardDeviation of the normal distribution before it is cut, > 0; the values' own deviation is 0.8796 of it
 * @returns the initializer; it ignores the fans
 * @see Devlin et al.'s published code, `tf.truncated_normal_initializer(stddev=0.02)`; PyTorch ports of it draw uncut
 */
export function truncatedNormal(standardDeviation: number): Initializer {
  return (rng, count) => {
    const values = drawNormal(rng, count);
    for (let attempt = 1; ; attempt++) {
      const outside: number[] = [];
      for (let i = 0; i < count; i++) if (Math.abs(values[i]!) > CUT) outside.push(i);
      if (outside.length === 0) return values.map((value) => value * standardDeviation);
      const redrawn = drawNormal(rng.fold('outside').fold(attempt), outside.length);
      for (const [i, at] of outside.entries()) values[at] = redrawn[i]!;
    }
  };
}
