export { backendChecks, type BackendCheck, type BackendCheckKind, type BackendCheckOptions } from './backends/backend-checks.ts';
export { checkGradients, type CheckGradientsOptions, type ComparedGradient } from './check-gradients.ts';
export { conformanceChecks, type ConformanceCheck } from './conformance-checks.ts';
export type { ConformanceOptions, SkippableCheck } from './conformance-options.ts';
export { testPretextTask } from './test-pretext-task.ts';
