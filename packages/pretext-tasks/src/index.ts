export { all4One, type All4OneEmbeddings, type All4OneOptions, type All4OneTargets } from './all4one.ts';
export { barlowTwins, type BarlowTwinsOptions } from './barlow-twins.ts';
export { byol, type ByolOptions, type ByolTargets } from './byol.ts';
export type { ViewPairBatch } from './check-view-pair.ts';
export { colorization, type ColorizationBatch, type ColorizationOptions, type ColorizationTargets } from './colorization.ts';
export { dcl, type DclBatch, type DclOptions } from './dcl.ts';
export {
  declutr,
  type DeclutrBatch,
  type DeclutrEmbeddings,
  type DeclutrOptions,
  type DeclutrTargets,
  type SequenceReader,
} from './declutr.ts';
export { denseCl, type DenseClEmbeddings, type DenseClOptions, type DenseClTargets } from './dense-cl.ts';
export {
  distillation,
  type DistillationBatch,
  type DistillationOptions,
  type DistillationTargets,
  type TeacherFactory,
} from './distillation.ts';
export type { ImageStatistics, TeacherImages } from './teacher-images.ts';
export { dino, type DinoBatch, type DinoEmbeddings, type DinoOptions, type DinoTargets } from './dino.ts';
export {
  frameOrder,
  frameOrders,
  type FrameOrderBatch,
  type FrameOrderOptions,
  type FrameOrdersOptions,
  type FrameOrderTargets,
} from './frame-order.ts';
export {
  jigsaw,
  jigsawPermutations,
  type JigsawBatch,
  type JigsawOptions,
  type JigsawPermutationsOptions,
  type JigsawTargets,
} from './jigsaw.ts';
export { mae, type MaeBatch, type MaeOptions } from './mae.ts';
export { maskedLanguage, type MaskedLanguageBatch, type MaskedLanguageOptions } from './masked-language.ts';
export { mocoV3, type MocoV3Batch, type MocoV3Embeddings, type MocoV3Options, type MocoV3Targets } from './moco-v3.ts';
export { moco, type MocoBatch, type MocoEmbeddings, type MocoOptions, type MocoTargets } from './moco.ts';
export { nextToken, type NextTokenBatch, type NextTokenOptions } from './next-token.ts';
export { nnByol, type NnByolOptions } from './nn-byol.ts';
export { nnSiam, type NnSiamOptions } from './nn-siam.ts';
export { nnclr, type NnclrBatch, type NnclrOptions, type NnclrKept } from './nnclr.ts';
export type { MaskedImageTargets, PatchMasking } from './patch-masking.ts';
export { pirl, type PirlBatch, type PirlEmbeddings, type PirlKept, type PirlOptions, type PirlTargets } from './pirl.ts';
export type { PredictedViews, ProjectedViews } from './projection-networks.ts';
export type { PatchDecoder, PatchEncoder } from './patch-networks.ts';
export { relativePatch, type RelativePatchBatch, type RelativePatchOptions, type RelativePatchTargets } from './relative-patch.ts';
export type { FilledTargets } from './fill-in-samples.ts';
export { replacedToken, type ReplacedTokenBatch, type ReplacedTokenOptions, type ReplacedTokenTargets } from './replaced-token.ts';
export { ressl, type ResslBatch, type ResslEmbeddings, type ResslOptions, type ResslTargets } from './ressl.ts';
export { rotation, type RotationBatch, type RotationOptions, type RotationTargets } from './rotation.ts';
export { simMim, type SimMimBatch, type SimMimOptions, type SimMimTargets } from './sim-mim.ts';
export { simSiam, type SimSiamOptions } from './sim-siam.ts';
export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';
export { skipGram, type SkipGramBatch, type SkipGramOptions, type SkipGramTargets } from './skip-gram.ts';
export { smog, type SmogEmbeddings, type SmogKept, type SmogOptions, type SmogTargets } from './smog.ts';
export { supCon, type SupConBatch, type SupConOptions, type SupConTargets } from './sup-con.ts';
export { swav, type SwavBatch, type SwavOptions, type SwavKept } from './swav.ts';
export type { MaskedTargets, TokenMasking } from './token-masking.ts';
export type { EncodedSequences, TokenEncoder, TokenHead } from './token-networks.ts';
export { vicreg, type VicregOptions } from './vicreg.ts';
