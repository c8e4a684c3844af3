export { defineEncoder, type AnyEncoderFactory, type EncoderRecipe, type InputDescription } from './encoder-recipe.ts';
export {
  defineModality,
  type AnyModality,
  type AnyModule,
  type BuildContext,
  type DatasetOpener,
  type DatasetOptions,
  type EncodeOptions,
  type ExportContext,
  type Features,
  type Modality,
  type OpenContext,
  type OpenedSamples,
  type OpenRequest,
  type RunData,
  type Samples,
  type SamplesRequest,
  type Skipped,
} from './modality.ts';
export {
  describeOptions,
  parseOptions,
  type OptionDescription,
  type OptionSchema,
  type OptionsOf,
  type ParseOptionsNames,
} from './option-schema.ts';
export { definePlugin, type Plugin } from './plugin.ts';
export type { Comparison, Measures, Probe, ProbeContext } from './probe.ts';
export { silentProgress, type Progress, type Stage } from './progress.ts';
export { createRegistry, type Names, type Registry } from './registry.ts';
export { parseRunFile, type RunFile } from './run-file.ts';
export type { Chart, GalleryItem, MapPoint, NamedNumber, ReportData, Section, Series, TextPiece } from './section.ts';
export { optimizerNames, settingNames, type GivenSettings, type OptimizerName, type Settings } from './settings.ts';
export { nearestName } from './suggest.ts';
export { defineTask, type AnyTaskRecipe, type TaskParts, type TaskRecipe } from './task-recipe.ts';
