export { readCheckpointMetadata, type CheckpointMetadata } from './checkpoint/checkpoint-metadata.ts';
export { readCheckpoint } from './checkpoint/read-checkpoint.ts';
export { restoreModule, type RestoreModuleOptions } from './checkpoint/restore-module.ts';
export type { SaveOptions } from './checkpoint/run-checkpoint.ts';
export { writeCheckpoint } from './checkpoint/write-checkpoint.ts';
export { createTrainer, type Trainer, type TrainerOptions } from './create-trainer.ts';
export { fit, type FitCheckpoint, type FitOptions, type FitResult, type PrepareContext, type Source } from './fit.ts';
export type { EpochReport, FitCallbacks, StepReport, Timings } from './fit-callbacks.ts';
export type { StepMetrics } from './train-step.ts';
