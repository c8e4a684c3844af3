export { registerTensorflowKernels, type TensorflowKernels } from './register-tensorflow-kernels.ts';
