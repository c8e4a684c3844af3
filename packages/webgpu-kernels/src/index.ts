export { registerTrainingKernels, type TrainingKernels } from './register-training-kernels.ts';
