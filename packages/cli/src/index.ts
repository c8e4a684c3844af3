export { defineRun, type OptimizerContext, type RunConfig, type SessionOptions, type ViewsContext } from './options/define-run.ts';
export type { GivenSettings, RunSettings } from './options/run-settings.ts';
