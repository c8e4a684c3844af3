export { registerTensorflowKernels, type RegisterTensorflowKernelsOptions, type TensorflowKernels } from './register-tensorflow-kernels.ts';
