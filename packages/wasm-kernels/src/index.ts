export { registerTrainingKernels, type RegisterTrainingKernelsOptions, type TrainingKernels } from './register-training-kernels.ts';
export { proveTurboshaft } from './prove-turboshaft.ts';
export { proveWideVectors } from './prove-wide.ts';
export { SelfsupError, type SelfsupErrorCode } from './errors.ts';
export type { SimdBuild } from './load-kernels.ts';
