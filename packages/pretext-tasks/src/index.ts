export { aim, type AimBatch, type AimOptions, type AimTargets, type CausalPatchEncoder } from './aim.ts';
export { all4One, type All4OneEmbeddings, type All4OneOptions, type All4OneTargets } from './all4one.ts';
export { barlowTwins, type BarlowTwinsOptions } from './barlow-twins.ts';
export {
  beit,
  codebookTokenizer,
  describePatches,
  encoderTokenizer,
  type BeitBatch,
  type BeitOptions,
  type BeitTargets,
  type CodebookTokenizerOptions,
  type DescribePatchesOptions,
  type EncoderTokenizerOptions,
  type PatchTokenizer,
} from './beit.ts';
export { byol, type ByolOptions, type ByolTargets } from './byol.ts';
export type { ViewPairBatch } from './check-view-pair.ts';
export type { ChosenPlaces } from './chosen-places.ts';
export { clip, type ClipOptions } from './clip.ts';
export { colorization, type ColorizationBatch, type ColorizationOptions, type ColorizationTargets } from './colorization.ts';
export { data2vecText, type Data2vecTextBatch, type Data2vecTextOptions, type Data2vecTextTargets } from './data2vec-text.ts';
export { data2vec, type Data2vecBatch, type Data2vecOptions, type Data2vecTargetOptions, type Data2vecTargets } from './data2vec.ts';
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
export { dinoV2, type DinoV2Batch, type DinoV2Embeddings, type DinoV2Options, type DinoV2Targets } from './dino-v2.ts';
export {
  frameOrder,
  frameOrders,
  type FrameOrderBatch,
  type FrameOrderOptions,
  type FrameOrdersOptions,
  type FrameOrderTargets,
} from './frame-order.ts';
export type { ImageTextBatch, ImageTextEmbeddings, ImageTextFactories, TextStates } from './image-text-networks.ts';
export { capi, type AskedPredictor, type CapiBatch, type CapiEmbeddings, type CapiOptions, type CapiTargets } from './capi.ts';
export {
  framePrediction,
  type FramePredictionBatch,
  type FramePredictionOptions,
  type FramePredictionTargets,
} from './frame-prediction.ts';
export { ibot, type IbotBatch, type IbotEmbeddings, type IbotOptions, type IbotTargets } from './ibot.ts';
export { iJepa, type BlockMasking, type IJepaBatch, type IJepaOptions, type IJepaTargets, type PatchPredictor } from './i-jepa.ts';
export {
  inpainting,
  type InpaintingBatch,
  type InpaintingCommonOptions,
  type InpaintingDecoder,
  type InpaintingOptions,
  type InpaintingTargets,
} from './inpainting.ts';
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
export { maskFeat, type MaskFeatBatch, type MaskFeatOptions, type MaskFeatTargets } from './maskfeat.ts';
export { maskedLanguage, type MaskedLanguageBatch, type MaskedLanguageOptions } from './masked-language.ts';
export { mocoV3, type MocoV3Batch, type MocoV3Embeddings, type MocoV3Options, type MocoV3Targets } from './moco-v3.ts';
export { moco, type MocoBatch, type MocoEmbeddings, type MocoOptions, type MocoTargets } from './moco.ts';
export { msn, type MsnBatch, type MsnOptions, type MsnTargets } from './msn.ts';
export { nextToken, type NextTokenBatch, type NextTokenOptions } from './next-token.ts';
export { nnByol, type NnByolOptions } from './nn-byol.ts';
export { nnSiam, type NnSiamOptions } from './nn-siam.ts';
export { nnclr, type NnclrBatch, type NnclrOptions, type NnclrKept } from './nnclr.ts';
export type { MaskedImageTargets, PatchMasking } from './patch-masking.ts';
export { pirl, type PirlBatch, type PirlEmbeddings, type PirlKept, type PirlOptions, type PirlTargets } from './pirl.ts';
export type { SentencePooling } from './pool-sentences.ts';
export type { PredictedViews, ProjectedViews } from './projection-networks.ts';
export { pmsn, type PmsnOptions } from './pmsn.ts';
export type { BlockOptions, PatchBlockEncoder, PatchDecoder, PatchEncoder } from './patch-networks.ts';
export { relativePatch, type RelativePatchBatch, type RelativePatchOptions, type RelativePatchTargets } from './relative-patch.ts';
export type { FilledTargets } from './fill-in-samples.ts';
export { replacedToken, type ReplacedTokenBatch, type ReplacedTokenOptions, type ReplacedTokenTargets } from './replaced-token.ts';
export { ressl, type ResslBatch, type ResslEmbeddings, type ResslOptions, type ResslTargets } from './ressl.ts';
export { rotation, type RotationBatch, type RotationOptions, type RotationTargets } from './rotation.ts';
export { simCse, type SimCseBatch, type SimCseEmbeddings, type SimCseOptions } from './sim-cse.ts';
export { siglip, type SiglipOptions } from './siglip.ts';
export { simMim, type SimMimBatch, type SimMimOptions, type SimMimTargets } from './sim-mim.ts';
export { simSiam, type SimSiamOptions } from './sim-siam.ts';
export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';
export { skipGram, type SkipGramBatch, type SkipGramOptions, type SkipGramTargets } from './skip-gram.ts';
export {
  spanCorruption,
  type SpanCorruption,
  type SpanCorruptionBatch,
  type SpanCorruptionOptions,
  type SpanCorruptionTargets,
} from './span-corruption.ts';
export { smog, type SmogEmbeddings, type SmogKept, type SmogOptions, type SmogTargets } from './smog.ts';
export { supCon, type SupConBatch, type SupConOptions, type SupConTargets } from './sup-con.ts';
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
export type { DecodedSequences, EncodedSequences, TokenBlockEncoder, TokenDecoder, TokenEncoder, TokenHead } from './token-networks.ts';
export { timeContrastive, type TimeContrastiveBatch, type TimeContrastiveOptions, type TimeWindows } from './time-contrastive.ts';
export { tsdae, type TokenDeletion, type TsdaeBatch, type TsdaeOptions, type TsdaeTargets } from './tsdae.ts';
export { vicreg, type VicregOptions } from './vicreg.ts';
export { empSsl, type EmpSslOptions } from './emp-ssl.ts';
export { fastSiam, type FastSiamOptions } from './fast-siam.ts';
export { frossl, type FrosslOptions } from './frossl.ts';
export { lejepa, type LejepaOptions } from './lejepa.ts';
export { mmcr, type MmcrOptions } from './mmcr.ts';
export { tico, type TicoOptions, type TicoTargets } from './tico.ts';
export { vibcreg, type VibcregOptions } from './vibcreg.ts';
export { visreg, type VisregOptions } from './visreg.ts';
export { vqTokenizer, type VqTokenizerBatch, type VqTokenizerKept, type VqTokenizerOptions } from './vq-tokenizer.ts';
export { wMse, type WMseOptions } from './w-mse.ts';
export type { ManyViewsBatch } from './views-networks.ts';
