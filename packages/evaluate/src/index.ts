export { accuracy } from './accuracy.ts';
export { alignment, type AlignmentOptions } from './alignment.ts';
export { collapseAlarm, type CollapseAlarm, type CollapseAlarmOptions, type CollapseDiagnostics } from './collapse-alarm.ts';
export { extractFeatureBatches, extractFeatures, type ExtractFeaturesOptions } from './extract-features.ts';
export { joinFeatures, type FeatureMatrix } from './feature-matrix.ts';
export { featureStd, type FeatureStdOptions } from './feature-std.ts';
export { knnAccuracy, type KnnAccuracyOptions } from './knn-accuracy.ts';
export { nearestNeighbors, type NearestNeighbors, type NearestNeighborsOptions } from './nearest-neighbors.ts';
export { rankMe } from './rank-me.ts';
export { retrievalRecall, type RetrievalRecallOptions } from './retrieval-recall.ts';
export { uniformity, type UniformityOptions } from './uniformity.ts';
export { weightedKnn, type WeightedKnnOptions } from './weighted-knn.ts';
export { averageTemplates, zeroShotAccuracy, type ZeroShotOptions } from './zero-shot-accuracy.ts';
export { whiten, type WhitenedFeatures, type WhitenOptions } from './whiten.ts';
export { fineTune, type FineTuneOptions, type FineTuneResult } from './fine-tune.ts';
export { formatLabelCurve } from './format-label-curve.ts';
export { imageClassification, type ImageClassificationOptions } from './image-classification.ts';
export {
  labelEfficiencyCurve,
  type LabelCurveRow,
  type LabelCurveTrial,
  type LabelEfficiencyCurveOptions,
} from './label-efficiency-curve.ts';
export { labelSubset, type LabelSubsetOptions } from './label-subset.ts';
export { selectExamples, type FeatureEncoder, type LabeledExamples, type MixedExamples } from './labeled-examples.ts';
export { poolTokens, type PoolTokensOptions, type TokenEncoder } from './pool-tokens.ts';
export { tokenClassification, type TokenClassificationOptions, type TokenInput } from './token-classification.ts';
export { linearProbe, type LinearProbeOptions, type LinearProbeResult } from './linear-probe.ts';
export type { CollapseCauses, CollapseKind } from './collapse-causes.ts';
export type { StepRule } from './step-rule.ts';
export { createCollapseMonitor, type CollapseAlarmEvent, type CollapseMonitor, type CollapseMonitorOptions } from './collapse-monitor.ts';
export { representationHealth, type RepresentationHealth, type RepresentationHealthOptions } from './representation-health.ts';
export {
  chooseLearningRate,
  type ChooseLearningRateOptions,
  type LearningRateChoice,
  type LearningRateTrial,
} from './choose-learning-rate.ts';
export { calibration, fitTemperature, softmaxRows, type Calibration, type CalibrationBin, type CalibrationOptions } from './calibration.ts';
export type { HeadWeights } from './classification-head.ts';
export { confusionMatrix, type ClassScores, type ConfusionMatrix, type ConfusionMatrixOptions } from './confusion-matrix.ts';
export {
  crossValidatedLogits,
  fitLinearClassifier,
  linearLogits,
  type CrossValidatedLogits,
  type FitLinearClassifierOptions,
  type FittedLinearClassifier,
  type LinearClassifier,
} from './linear-classifier.ts';
export { similarPairs, type SimilarPair, type SimilarPairsOptions } from './similar-pairs.ts';
export { connectedGroups } from './connected-groups.ts';
export { localOutlierFactors } from './local-outlier-factors.ts';
export { kCenter, type KCenterOptions, type KCenters } from './k-center.ts';
export { kMeans, type KMeansOptions, type KMeansResult } from './k-means.ts';
export { typicalRows, type TypicalRows, type TypicalRowsOptions } from './typical-rows.ts';
export { separatingThreshold, type SeparatingThreshold, type SeparatingThresholdOptions } from './separating-threshold.ts';
export { clusterAgreement, type ClusterAgreement } from './cluster-agreement.ts';
export { lidar, type LidarOptions } from './lidar.ts';
export { meanIou, type MeanIou } from './mean-iou.ts';
export { retrieval, type RetrievalOptions, type RetrievalResult } from './retrieval.ts';
export { attentionPool, type AttentionPool, type AttentionPoolOptions } from './attention-pool.ts';
export { attentiveProbe, type AttentiveProbeOptions, type AttentiveProbeResult } from './attentive-probe.ts';
export {
  linearSegmentation,
  type LinearSegmentationOptions,
  type LinearSegmentationResult,
  type SegmentedImages,
} from './linear-segmentation.ts';
