import { projectionHead } from '@selfsup/encoders';
import type { HeadBuilder } from './task-entry.ts';

/** SimCLR's head: Linear, ReLU, Linear as wide as the encoder. */
export const plainHead: HeadBuilder = ({ inputDim, outputDim }) => projectionHead({ inputDim, hiddenDim: inputDim, outputDim });

/** BYOL's head, as wide as the encoder: batch normalization where it is hidden. */
export const normalisedHead: HeadBuilder = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, batchNorm: true });

/** SimSiam's: three layers, the last one normalized without scale and offset. */
export const simSiamHead: HeadBuilder = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' });

/** Barlow Twins' and VICReg's: three layers, no bias at the end. */
export const expander: HeadBuilder = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, numLayers: 3, batchNorm: true, biasLast: false });

/** NNCLR's: three layers, all normalized. */
export const normalisedExpander: HeadBuilder = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, numLayers: 3, batchNorm: true, batchNormLast: true });

/** What predicts one projection from another; its hidden layer is `share` of the projection. */
export const predictor = (dim: number, share: number) =>
  projectionHead({ inputDim: dim, hiddenDim: Math.max(1, Math.round(dim * share)), outputDim: dim, batchNorm: true });
