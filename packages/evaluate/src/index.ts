export { accuracy } from './accuracy.ts';
export { extractFeatures, type ExtractFeaturesOptions } from './extract-features.ts';
export type { FeatureMatrix } from './feature-matrix.ts';
export { knnAccuracy, type KnnAccuracyOptions } from './knn-accuracy.ts';
export { weightedKnn, type WeightedKnnOptions } from './weighted-knn.ts';
