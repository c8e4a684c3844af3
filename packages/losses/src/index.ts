export { contrastiveAccuracy, type ContrastiveAccuracyOptions } from './contrastive-accuracy.ts';
export { embeddingStd, type EmbeddingStdOptions } from './embedding-std.ts';
export type { GatherCollective } from './gather-rows.ts';
export { infoNce, type InfoNceOptions } from './info-nce.ts';
export { ntXent, type NtXentOptions } from './nt-xent.ts';
