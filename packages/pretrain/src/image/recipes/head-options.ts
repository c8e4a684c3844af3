import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { projectionHead, type ProjectionHeadOptions } from '@selfsup/encoders';
import { z } from 'zod';
import type { ImageTaskParts } from '../image-task.ts';

/** The options of a projection head with so many layers. */
export const headOptions = (layers: number) => ({
  headOutput: z.int().min(1).default(128).describe('columns of the projection head, also of one that a config brings'),
  headHidden: z.int().min(1).optional().describe('columns of its hidden layers; default those of the encoder'),
  headLayers: z.int().min(1).default(layers).describe('its linear layers'),
});

/** What {@link headOptions} give. */
interface HeadOptions {
  headOutput: number;
  headHidden?: number | undefined;
  headLayers: number;
}

/** The projection head of a config, or one of these sizes with the norms of a paper. */
export function headOf(
  { backbone, projectionHead: given }: ImageTaskParts,
  { headOutput: outputDim, headHidden, headLayers: numLayers }: HeadOptions,
  norms: Pick<ProjectionHeadOptions, 'batchNorm' | 'batchNormLast' | 'biasLast'> = {},
): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { outputDim: inputDim } = backbone;
  return given?.({ inputDim }) ?? projectionHead({ inputDim, hiddenDim: headHidden ?? inputDim, outputDim, numLayers, ...norms });
}

/** The option for the hidden layer of a prediction head; `rule` says what it is unless given. */
export const predictionHidden = (rule: string) =>
  z.int().min(1).optional().describe(`columns of the hidden layer of the prediction head; default ${rule}`);

/** What predicts one projection from another. */
export const predictor = (dim: number, hiddenDim: number): ModuleFactory<tf.Tensor2D, tf.Tensor2D> =>
  projectionHead({ inputDim: dim, hiddenDim, outputDim: dim, batchNorm: true });

/** Of columns to judge the deviation of embeddings by: those of the projection head. */
export const embeddingDimOf = ({ headOutput }: Pick<HeadOptions, 'headOutput'>) => ({ embeddingDim: headOutput });
