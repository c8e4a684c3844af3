export type {
  BackendDetails,
  BackendLimits,
  BackendName,
  BackendOptions,
  BackendSetup,
  BuiltinBackend,
  PreparedBackend,
} from './backend-setup.ts';
export { builtinBackends } from './builtin-backends.ts';
export { guardMalloc, type WasmHeap } from './guard-malloc.ts';
export { closeBackends } from './prepare-backend.ts';
export type { BackendSpeed } from './probe-speed.ts';
export { proveBackend } from './prove-backend.ts';
export { registerGradients } from './register-gradients.ts';
export { assertBackendName, selectBackend, type SelectBackendOptions, type SelectedBackend } from './select-backend.ts';
export { surveyBackends, type SurveyedBackend, type SurveyOptions } from './survey-backends.ts';
