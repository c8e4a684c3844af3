export { fromCheckedJson } from './checked-json.ts';
export { builtinPlugins } from './builtins.ts';
export { collectReport } from './collect-report.ts';
export type { CollectReportContext } from './report-context.ts';
export { formatSeconds } from './report-formats.ts';
export { mergeAdapters } from './adapters.ts';
export { describeEncoder, keepEncoder, type EncoderDescription, type ImportedEncoder, type JudgingSettings } from './encoder-file.ts';
export { exportEncoder, exportFormats, type ExportEncoderOptions } from './export/export-encoder.ts';
export type { LinearHead } from './export/linear-head.ts';
export type { PortableContext, PortableNetwork } from './portable.ts';
export { readForeignEncoder, type ForeignFiles, type ForeignOptions } from './read-foreign-encoder.ts';
export { importEncoder, type ForeignEncoder } from './import-encoder.ts';
export {
  evaluateKnn,
  evaluateLinearProbe,
  openSamplesFor,
  type DataChoice,
  type EvaluateKnnOptions,
  type EvaluateLinearProbeOptions,
  type KnnEvaluation,
  type LinearFinding,
} from './evaluate-encoder.ts';
export type { RunEvent } from './events.ts';
export { describeSample, embedSamples, type EmbeddedRows, type EmbeddedSample, type SamplesPart } from './embed-samples.ts';
export { encodeBank, type EncodedBank, type EncodedSamples, type KnnContext } from './knn-probe.ts';
export { loadEncoder, type LoadedEncoder, type LoadEncoderOptions } from './load-encoder.ts';
export { parseMetrics, type MetricsRecord, type ParseMetricsOptions } from './metrics-log.ts';
export { detectTask } from './detect-task.ts';
export { planRun, type PlanRunOptions, type RunPlan } from './plan-run.ts';
export { pretrain, type PretrainOptions } from './pretrain.ts';
export {
  defineRun,
  sessionOptionNames,
  sessionSchema,
  type ImageRunFunctions,
  type OptimizerBuilder,
  type OptimizerContext,
  type RunConfig,
  type SessionOptions,
} from './run-config.ts';
export { reportOfRun, type ReportOfRunContext } from './report-of-run.ts';
export { reportRun, type ReportRunOptions } from './report-run.ts';
export { parseRunResult, type RunResult } from './run-result.ts';
export { holdsRun, memoryStore, readText, runFileNames, writeChecked, type RunStore } from './run-store.ts';
export { countSkipped, describeSkipped } from './skipped.ts';
export { nearestName, suggest } from './suggest.ts';
export { version } from './version.ts';
export {
  defineEncoder,
  type AnyEncoderFactory,
  type EncoderLayers,
  type EncoderRecipe,
  type InputDescription,
  type ReadoutContext,
  type ReadoutRecipe,
  type StartContext,
  type StartRecipe,
} from './encoder-recipe.ts';
export {
  defineModality,
  type AlteredCopiesOptions,
  type AnyModality,
  type AnyModule,
  type BuildContext,
  type DatasetOpener,
  type DatasetOptions,
  type EncodeOptions,
  type ExportContext,
  type Features,
  type FurtherEncoder,
  type LabelSource,
  type Modality,
  type OpenContext,
  type OpenedSamples,
  type OpenRequest,
  type ProbeContext,
  type RunData,
  type SamplesRequest,
  type Skipped,
  type SourceOptions,
  type SuggestRequest,
  type Suggestion,
  type SuggestionReason,
} from './modality.ts';
export type { Samples } from './samples.ts';
export {
  describeOptions,
  parseOptions,
  type OptionDescription,
  type OptionSchema,
  type OptionsOf,
  type ParseOptionsNames,
} from './option-schema.ts';
export { definePlugin, type Plugin } from './plugin.ts';
export type { Comparison, Measures, Probe } from './probe.ts';
export { silentProgress, type Progress, type Stage } from './progress.ts';
export { createRegistry, type Names, type Registry } from './registry.ts';
export { parseRunFile, type RunFile } from './run-file.ts';
export type { Chart, GalleryItem, MapPoint, NamedNumber, ReportData, Section, Series, TextPiece } from './section.ts';
export { optimizerNames, settingNames, settingsSchema, type GivenSettings, type OptimizerName, type Settings } from './settings.ts';
export { defineTask, type AnyTaskRecipe, type TaskAdvice, type TaskParts, type TaskRecipe, type Teacher } from './task-recipe.ts';
export { memoryImages, shapesImages, type ImageDatasets, type ImagesInMemory } from './image/array-openers.ts';
export {
  evaluateAttentiveProbe,
  evaluateSegmentation,
  type AttentiveFinding,
  type EvaluateAttentiveProbeOptions,
  type EvaluateMapsOptions,
  type EvaluateSegmentationOptions,
  type SegmentationFinding,
} from './image/evaluate-maps.ts';
export {
  evaluateClustering,
  evaluateRetrieval,
  type EvaluateClusteringOptions,
  type EvaluateRetrievalOptions,
  type EvaluateSearchOptions,
} from './evaluate-search.ts';
export { drawViews, type DrawnViews, type DrawViewsOptions, type Picture } from './image/draw-views.ts';
export { imageEncoders, patchEncoderNames } from './image/encoders.ts';
export type { ImageInput } from './image/image-input.ts';
export { imageSizeOfOptions, type GivenImageSize } from './image/image-size-option.ts';
export { imageModality, type ImageOptions, type ImageRunData } from './image/image-modality.ts';
export { imagePlugin } from './image/image-plugin.ts';
export type { ImageSamples } from './image/image-samples.ts';
export { defineImageTask, type ImageTask, type ImageTaskParts, type ProjectionHeadFunction, type TaskViews } from './image/image-task.ts';
export {
  cropSource,
  recipeNames,
  recipeSource,
  type ImageViews,
  type ViewsContext,
  type ViewsFunction,
  type ViewsMaker,
  type ViewsSource,
} from './image/image-views.ts';
export type { OpenedImageData } from './image/opened-images.ts';
export { imageTasks } from './image/recipes/image-tasks.ts';
export {
  labeledViews,
  manyCropViews,
  manyViews,
  multiCropViews,
  numberedViews,
  oneOrTwoViews,
  oneView,
  twoViews,
  type ViewsInput,
} from './image/views-input.ts';
export {
  evaluateCrossRetrieval,
  evaluateZeroShot,
  type EvaluateCrossRetrievalOptions,
  type EvaluateZeroShotOptions,
  type LoadedPair,
  type RetrievalEvaluation,
  type ZeroShotEvaluation,
} from './image-text/evaluate-pairs.ts';
export { imageTextModality } from './image-text/image-text-modality.ts';
export type { ImageTextOptions } from './image-text/image-text-options.ts';
export { imageTextPlugin } from './image-text/image-text-plugin.ts';
export type { ImageTextRunData } from './image-text/image-text-run-data.ts';
export { defineImageTextTask, type ImageTextTask, type ImageTextTaskParts } from './image-text/image-text-task.ts';
export { captionedShapesPairs, memoryPairs, type OpenedPairs, type PairDatasets, type PairsInMemory } from './image-text/pair-openers.ts';
export type { PairSamples } from './image-text/pair-samples.ts';
export { imageTextTasks } from './image-text/recipes/image-text-tasks.ts';
export { frameOrderTask } from './video/frame-order.ts';
export { framePredictionTask } from './video/frame-prediction.ts';
export { videoModality, type OpenedVideoData, type StillVideos, type VideoOptions, type VideoRunData } from './video/video-modality.ts';
export { memoryVideos, type VideoDatasets } from './video/video-openers.ts';
export { videoPlugin } from './video/video-plugin.ts';
export { defineVideoTask, oneClip, type VideoTask, type VideoTaskParts } from './video/video-task.ts';
export { textEncoders } from './text/encoders.ts';
export { openFillMask, type FillMask, type OpenFillMaskOptions } from './text/fill-mask.ts';
export { fromHuggingFaceFiles } from './text/hugging-face/from-hugging-face-files.ts';
export type { MaskGuess } from './text/mask-guess.ts';
export { memoryTexts, type GivenTokenizer, type TextsInMemory, type TokenDatasets } from './text/memory-texts.ts';
export type { OpenedSequences, OpenedTexts, TextOpening, TextRows } from './text/opened-text.ts';
export { predictMask, type PredictMaskOptions } from './text/predict-mask.ts';
export { textTasks } from './text/recipes/text-tasks.ts';
export type { TextInput } from './text/text-input.ts';
export { textModality } from './text/text-modality.ts';
export type { TextOptions } from './text/text-options.ts';
export { textPlugin } from './text/text-plugin.ts';
export type { TextRunData } from './text/text-run-data.ts';
export type { TextSamples } from './text/text-samples.ts';
export { defineTextTask, type TextTask, type TextTaskFacts, type TextTaskParts } from './text/text-task.ts';
export type { Classifier, PredictOptions, Predictions } from './classifier/classifier.ts';
export { assertClassifierName, type ClassifierDescription, type ClassifierJudgement } from './classifier/classifier-description.ts';
export { classifierFileNames } from './classifier/classifier-file.ts';
export { classifierSections, describeClassifier } from './classifier/classifier-sections.ts';
export { assertNoClassifier, keepClassifier, keptSections } from './classifier/keep-classifier.ts';
export { chooseLabels, parseLabelCount, resolveLabelCount, type LabelCount } from './classifier/label-counts.ts';
export { measureLabelCurve, type ChosenRate, type MeasuredLabelCurve, type MeasureLabelCurveOptions } from './classifier/label-curve.ts';
export { createStartOf } from './classifier/start-features.ts';
export { loadClassifier, type LoadClassifierOptions } from './classifier/load-classifier.ts';
export { trainClassifier, type JudgedSamples, type TrainedClassifier } from './classifier/train-classifier.ts';
export type { TrainClassifierOptions } from './classifier/train-classifier-options.ts';
export { predictionHeader, predictionLines, type PredictionFormat, type PredictionTable } from './classifier/format-predictions.ts';
export { csvCell } from './csv-cell.ts';
export { embedSet, joinSets, nameOfItem, showRows, type EmbeddedSet } from './explore/embedded-set.ts';
export { contentKeys } from './explore/content-keys.ts';
export { findDuplicates, type DuplicateGroup, type Duplicates, type FindDuplicatesOptions } from './explore/find-duplicates.ts';
export { findOutliers, type FindOutliersOptions, type Outlier } from './explore/find-outliers.ts';
export { searchSet, type SearchHit, type SearchSetOptions } from './explore/search-set.ts';
export { selectSamples, type SelectedSample, type SelectionMethod, type SelectSamplesOptions } from './explore/select-samples.ts';
export { duplicatesReport, outliersReport, searchReport, selectionReport, type ExploreReportContext } from './explore/explore-reports.ts';
