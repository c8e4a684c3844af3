export { abandonTape } from './abandon-tape.ts';
export type { Batch, Embeddings, Kept, Targets } from './batch.ts';
export { soloCollective, type Collective } from './collective.ts';
export { countOf } from './count-of.ts';
export { defaultEncoder } from './default-encoder.ts';
export { drawNormal, drawPermutation, drawUniform } from './draws.ts';
export { SelfsupError, isSelfsupError, type SelfsupErrorCode } from './error.ts';
export { memoryOf } from './memory-of.ts';
export type { ApplyOptions, Module, ModuleFactory, VariableMap } from './module.ts';
export { createMomentumPair, type MomentumNetwork, type MomentumPair } from './momentum-pair.ts';
export { mapTensors, namedTensors } from './named-tensors.ts';
export { adamWUpdate, type AdamWTensors, type AdamWUpdate, type AdamWUpdateOptions } from './ops/adam-w-update.ts';
export { addEach } from './ops/add-each.ts';
export { batchNormTraining } from './ops/batch-norm.ts';
export type { BatchNormParameters, BatchNormResult } from './ops/batch-norm-passes.ts';
export { emaUpdate } from './ops/ema-update.ts';
export { groupNorm, type GroupNormParameters } from './ops/group-norm.ts';
export { dropout } from './ops/dropout.ts';
export { gelu, type GeluOptions } from './ops/gelu.ts';
export { l2Normalize, type L2NormalizeOptions } from './ops/l2-normalize.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { localContrast, type LocalContrastOptions } from './ops/local-contrast.ts';
export { maskedSoftmax, type MaskedSoftmaxOptions } from './ops/masked-softmax.ts';
export { movingStatistics, type ChannelStatistics } from './ops/moving-statistics.ts';
export { oneHot } from './ops/one-hot.ts';
export { patchify, unpatchify, type PatchifyOptions, type UnpatchifyOptions } from './ops/patchify.ts';
export { rowLogSumExp, rowLogSumExpGradient, type OmittedEntries } from './ops/row-log-sum-exp.ts';
export { signedPower, type SignedPowerOptions } from './ops/signed-power.ts';
export { softmaxCrossEntropy } from './ops/softmax-cross-entropy.ts';
export { sumOfEach } from './ops/sum-of-each.ts';
export {
  synchronizedBatchNorm,
  type SynchronizedBatchNormParameters,
  type SynchronizedBatchNormResult,
} from './ops/synchronized-batch-norm.ts';
export { takeRows, type TakeRowsOptions } from './ops/take-rows.ts';
export { larsUpdate, type LarsTensors, type LarsUpdate, type LarsUpdateOptions } from './ops/lars-update.ts';
export { sgdUpdate, type MomentumUpdate, type SgdTensors, type SgdUpdateOptions } from './ops/sgd-update.ts';
export type {
  AnyPretextTask,
  AnyPretextTaskRun,
  BatchRun,
  CreateContext,
  EmbeddingRun,
  Gradients,
  LossResult,
  PretextTask,
  PretextTaskRun,
  RunBase,
  StepOutcome,
} from './pretext-task.ts';
export { isNestedDeeper } from './is-nested-deeper.ts';
export { nextTurn } from './next-turn.ts';
export { printable, type PrintableOptions } from './printable.ts';
export { printableValue, type PrintableValueOptions } from './printable-value.ts';
export { recompute, type RecomputeOptions } from './recompute.ts';
export { createRng, type Rng } from './rng.ts';
export { cosine, type CosineOptions } from './schedules/cosine.ts';
export { join, type JoinOptions } from './schedules/join.ts';
export { linearDecay, type LinearDecayOptions } from './schedules/linear-decay.ts';
export { linearWarmup, type LinearWarmupOptions } from './schedules/linear-warmup.ts';
export { valueAt, type ScalarOrSchedule, type Schedule } from './schedules/schedule.ts';
export { semidefiniteEigen, type SemidefiniteEigen } from './semidefinite-eigen.ts';
export { shareOf, type ShareRounding } from './share-of.ts';
export { createStepContext, partOfStep, type StepContext, type StepContextOptions } from './step-context.ts';
export { stopGradient } from './stop-gradient.ts';
export { threefry2x32 } from './threefry.ts';
export { copyVariables, joinVariables } from './variable-map.ts';
