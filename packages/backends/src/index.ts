export type { BackendDetails, BackendName, BackendOptions } from './backend-setup.ts';
export { guardMalloc, type WasmHeap } from './guard-malloc.ts';
export { proveBackend } from './prove-backend.ts';
export { registerGradients } from './register-gradients.ts';
export { selectBackend, type SelectBackendOptions, type SelectedBackend } from './select-backend.ts';
