export { barlowTwins, type BarlowTwinsOptions } from './barlow-twins.ts';
export { byol, type ByolOptions, type ByolTargets } from './byol.ts';
export type { ViewPairBatch } from './check-view-pair.ts';
export { colorization, type ColorizationBatch, type ColorizationOptions, type ColorizationTargets } from './colorization.ts';
export { dcl, type DclBatch, type DclOptions } from './dcl.ts';
export {
  deepClusterV2,
  type DeepClusterV2Batch,
  type DeepClusterV2Kept,
  type DeepClusterV2Options,
  type DeepClusterV2Targets,
} from './deep-cluster-v2.ts';
export {
  declutr,
  type DeclutrBatch,
  type DeclutrEmbeddings,
  type DeclutrOptions,
  type DeclutrTargets,
  type SequenceReader,
} from './declutr.ts';
export {
  distillation,
  type DistillationBatch,
  type DistillationOptions,
  type DistillationTargets,
  type TeacherFactory,
} from './distillation.ts';
export type { ImageStatistics, TeacherImages } from './teacher-images.ts';
export { dino, type DinoBatch, type DinoEmbeddings, type DinoOptions, type DinoTargets } from './dino.ts';
export { dinoV2, type DinoV2Batch, type DinoV2Embeddings, type DinoV2Options, type DinoV2Targets } from './dino-v2.ts';
export {
  frameOrder,
  frameOrders,
  type FrameOrderBatch,
  type FrameOrderOptions,
  type FrameOrdersOptions,
  type FrameOrderTargets,
} from './frame-order.ts';
export { ibot, type IbotBatch, type IbotEmbeddings, type IbotOptions, type IbotTargets } from './ibot.ts';
export {
  jigsaw,
  jigsawPermutations,
  type JigsawBatch,
  type JigsawOptions,
  type JigsawPermutationsOptions,
  type JigsawTargets,
} from './jigsaw.ts';
export type { CropMasking, MaskedCrops } from './masked-crops.ts';
export type { PatchHeadFactories } from './patch-heads.ts';
export { mae, type MaeBatch, type MaeOptions } from './mae.ts';
export { maskedLanguage, type MaskedLanguageBatch, type MaskedLanguageOptions } from './masked-language.ts';
export { mocoV3, type MocoV3Batch, type MocoV3Embeddings, type MocoV3Options, type MocoV3Targets } from './moco-v3.ts';
export { moco, type MocoBatch, type MocoEmbeddings, type MocoOptions, type MocoTargets } from './moco.ts';
export { msn, type MsnBatch, type MsnOptions, type MsnTargets } from './msn.ts';
export { nextToken, type NextTokenBatch, type NextTokenOptions } from './next-token.ts';
export { nnclr, type NnclrBatch, type NnclrOptions, type NnclrKept } from './nnclr.ts';
export type { MaskedImageTargets, PatchMasking } from './patch-masking.ts';
export type { PredictedViews, ProjectedViews } from './projection-networks.ts';
export type { PatchDecoder, PatchEncoder } from './patch-networks.ts';
export { pmsn, type PmsnOptions } from './pmsn.ts';
export { relativePatch, type RelativePatchBatch, type RelativePatchOptions, type RelativePatchTargets } from './relative-patch.ts';
export type { FilledTargets } from './fill-in-samples.ts';
export { replacedToken, type ReplacedTokenBatch, type ReplacedTokenOptions, type ReplacedTokenTargets } from './replaced-token.ts';
export { rotation, type RotationBatch, type RotationOptions, type RotationTargets } from './rotation.ts';
export { simMim, type SimMimBatch, type SimMimOptions, type SimMimTargets } from './sim-mim.ts';
export { simSiam, type SimSiamOptions } from './sim-siam.ts';
export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';
export { skipGram, type SkipGramBatch, type SkipGramOptions, type SkipGramTargets } from './skip-gram.ts';
export { swav, type SwavBatch, type SwavOptions, type SwavKept } from './swav.ts';
export {
  vicregL,
  type LocateCells,
  type VicregLBatch,
  type VicregLEmbeddings,
  type VicregLOptions,
  type VicregLTargets,
} from './vicreg-l.ts';
export type { MaskedTargets, TokenMasking } from './token-masking.ts';
export type { EncodedSequences, TokenEncoder, TokenHead } from './token-networks.ts';
export { vicreg, type VicregOptions } from './vicreg.ts';
