export { binaryAccuracy } from './binary-accuracy.ts';
export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from './binary-cross-entropy.ts';
export { contrastiveAccuracy, type ContrastiveAccuracyOptions } from './contrastive-accuracy.ts';
export { embeddingStd, type EmbeddingStdOptions } from './embedding-std.ts';
export type { GatherCollective } from './gather-rows.ts';
export { infoNce, type InfoNceOptions } from './info-nce.ts';
export { maskedAccuracy } from './masked-accuracy.ts';
export { maskedCrossEntropy, type MaskedCrossEntropyOptions } from './masked-cross-entropy.ts';
export { ntXent, type NtXentOptions } from './nt-xent.ts';
