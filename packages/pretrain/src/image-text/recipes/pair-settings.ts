import type { GivenSettings, Settings } from '../../settings.ts';

/** Columns of the common space. */
export const PROJECTION_DIM = 64;

/** How both tasks are trained: AdamW with CLIP's second beta for small batches, on small networks. */
export const pairDefaults = ({ epochs = 20 }: GivenSettings): GivenSettings => ({ epochs, warmupEpochs: 0.05 * epochs });

/** Of columns to judge the deviation of embeddings by: those of the projection. */
export const projectionDimOf = (_: object, { encoderOptions }: Pick<Settings, 'encoderOptions'>): { embeddingDim?: number } => {
  const { projectionDim } = encoderOptions;
  return typeof projectionDim === 'number' ? { embeddingDim: projectionDim } : {};
};
