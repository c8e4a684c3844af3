export { buildTensorflowBinding, type BuildTensorflowBindingOptions, type TensorflowBinding } from './node/build-tensorflow-binding.ts';
