export type { ModalityConformanceOptions, SkippableModalityCheck } from './conformance/modality-conformance.ts';
export { modalityChecks, type ModalityCheck } from './conformance/modality-checks.ts';
export { testModality } from './conformance/test-modality.ts';
