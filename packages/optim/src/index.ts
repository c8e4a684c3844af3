export { adamW, type AdamWOptions } from './adam-w.ts';
export { addDecayedWeights, type AddDecayedWeightsOptions } from './add-decayed-weights.ts';
export { applyUpdates } from './apply-updates.ts';
export { averageWeights, type AverageWeightsOptions } from './average-weights.ts';
export { chain } from './chain.ts';
export { clipByGlobalNorm } from './clip-by-global-norm.ts';
export { clipByNorm } from './clip-by-norm.ts';
export type { Counter, GradientTransform, TransformState, UpdateContext } from './gradient-transform.ts';
export { lars, type LarsOptions } from './lars.ts';
export { layerwiseDecay, type LayerwiseDecayOptions } from './layerwise-decay.ts';
export { partition } from './partition.ts';
export { scaleByAdam, type ScaleByAdamOptions } from './scale-by-adam.ts';
export { scaleByLearningRate } from './scale-by-learning-rate.ts';
export { sgd, type SgdOptions } from './sgd.ts';
export { trace, type TraceOptions } from './trace.ts';
export { noDecayOnNorms, type VariableMask } from './variable-mask.ts';
export { warmupConstant, warmupCosine, warmupLinear, type WarmupCosineOptions, type WarmupLinearOptions, type WarmupOptions } from './warmup-schedules.ts'; // prettier-ignore
export { withAveragedWeights } from './with-averaged-weights.ts';
