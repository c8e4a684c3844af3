export type { BertEmbeddings } from './bert-embeddings.ts';
export { bertDecoder, type BertDecoder, type BertDecoderOptions, type DecodedTokens } from './bert-decoder.ts';
export { bertBase, bertMedium, bertMini, bertSmall, bertTiny } from './bert-sizes.ts';
export { bert, type BertApplyOptions, type BertEncoder, type BertFactory, type BertOptions, type BertSize } from './bert.ts';
export { colorizationHead, type ColorizationHeadOptions } from './colorization-head.ts';
export { convNet, type ConvNetOptions } from './conv-net.ts';
export { dinoHead, type DinoHeadOptions } from './dino-head.ts';
export { crossPredictor, type CrossPredictor, type CrossPredictorOptions } from './cross-predictor.ts';
export { discriminatorHead, type DiscriminatorHeadOptions } from './discriminator-head.ts';
export type { EncoderFactory } from './encoder-factory.ts';
export { fromHuggingFaceBert, type FromHuggingFaceBertOptions, type PretrainedBert } from './hugging-face/from-hugging-face-bert.ts';
export { toHuggingFaceBert, type HuggingFaceBertFiles, type ToHuggingFaceBertOptions } from './hugging-face/to-hugging-face-bert.ts';
export { fromLayersModel, type BuildLayersModel, type FromLayersModelOptions } from './from-layers-model.ts';
export { inpaintingDecoder, type InpaintingDecoderOptions } from './inpainting-decoder.ts';
export { jepaPredictor, type JepaPredictor, type JepaPredictorOptions } from './jepa-predictor.ts';
export { jigsawHead, type JigsawHeadOptions } from './jigsaw-head.ts';
export { averagePool, type AveragePoolOptions } from './layers/average-pool.ts';
export { batchNorm, type BatchNormOptions } from './layers/batch-norm.ts';
export { causalMask } from './layers/causal-mask.ts';
export { conv2d, type Conv2dOptions } from './layers/conv2d.ts';
export { crossAttention, type CrossAttention, type CrossAttentionOptions, type MemoryKind } from './layers/cross-attention.ts';
export { embedding, type EmbeddingOptions } from './layers/embedding.ts';
export { globalAveragePool } from './layers/global-average-pool.ts';
export { groupNorm, type GroupNormOptions } from './layers/group-norm.ts';
export type { ImageInput } from './layers/image-input.ts';
export { kaimingNormal, kaimingUniform, truncatedNormal, xavierUniform, zeros, type Fan, type Initializer } from './layers/initializers.ts';
export { layerNorm, type LayerNormOptions } from './layers/layer-norm.ts';
export type { LayersModelLayer, LayersModelLike, LayersModelWeight } from './layers-model.ts';
export { linear, type LinearOptions } from './layers/linear.ts';
export { maxPool, type MaxPoolOptions } from './layers/max-pool.ts';
export type { NormOptions } from './layers/norm.ts';
export type { NormActivation, NormApplyOptions, NormModule } from './layers/norm-module.ts';
export { preNormBlock, type PreNormBlockOptions } from './layers/pre-norm-block.ts';
export type { TransformerModule } from './layers/transformer-module.ts';
export { selfAttention, type AttentionApplyOptions, type AttentionModule, type SelfAttentionOptions } from './layers/self-attention.ts';
export { sequential, type Layer } from './layers/sequential.ts';
export { splitBatchNorm, type SplitBatchNormOptions } from './layers/split-batch-norm.ts';
export { stateless } from './layers/stateless.ts';
export {
  transformerBlock,
  type BlockApplyOptions,
  type TransformerBlock,
  type TransformerBlockOptions,
} from './layers/transformer-block.ts';
export { loadWeights } from './load-weights.ts';
export { maeDecoder, type MaeDecoder, type MaeDecoderOptions } from './mae-decoder.ts';
export {
  maskedLanguageHead,
  type MaskedLanguageHead,
  type MaskedLanguageHeadOptions,
  type TiedPrediction,
} from './masked-language-head.ts';
export type { MappedEncoder, MappedEncoderFactory, MapsOptions } from './mapped-encoder.ts';
export { neighborEncoder, type NeighborEncoderOptions } from './neighbor-encoder.ts';
export { nextSentenceHead, type NextSentenceHeadOptions } from './next-sentence-head.ts';
export { patchDecoder, type PatchDecoderOptions } from './patch-decoder.ts';
export type { PatchEncoder, PatchEncoderFactory, PatchKernel } from './patch-kernel.ts';
export { projected, type ProjectedOptions } from './projected.ts';
export { projectionHead, type ProjectionHeadOptions } from './projection-head.ts';
export { prototypes, type PrototypesOptions } from './prototypes.ts';
export { pyramid, pyramidDim, type Pyramid, type PyramidLevel, type PyramidOptions } from './pyramid.ts';
export { residualMlp, type ResidualMlpOptions } from './residual-mlp.ts';
export { resnet18, resnet34, resnet50, type ResnetOptions } from './resnet.ts';
export { lora, loraAdapters, mergeLora, type LoraOptions, type LoraTargets } from './lora/lora.ts';
export { saveWeights, type SavedWeight, type SavedWeights, type VariableOwner } from './save-weights.ts';
export { startFromPatches, type PatchStartProgress, type StartFromPatchesOptions } from './start-from-patches.ts';
export { ppmiEmbeddings, type PpmiEmbeddings, type PpmiEmbeddingsOptions } from './starts/ppmi-embeddings.ts';
export { startFromTokens, type StartFromTokensOptions } from './starts/start-from-tokens.ts';
export type { TokenDocuments } from './starts/token-documents.ts';
export { tokenStatistics, type TokenStatistics } from './starts/token-statistics.ts';
export {
  tokenReadout,
  type ReadableTokenEncoder,
  type TokenPart,
  type TokenPooling,
  type TokenReadout,
  type TokenReadoutOptions,
  type TokenSource,
} from './token-readout.ts';
export type { TokenSequences } from './token-sequences.ts';
export type { BlockEncoder, TopBlocksOptions } from './top-blocks.ts';
export { vitBase, vitSmall, vitTiny } from './vit-sizes.ts';
export { vit, type PatchImages, type VitEncoder, type VitFactory, type VitOptions, type VitSize } from './vit.ts';
export type { ReadTensor, ReadTensors } from './pretrained/name-table.ts';
export type { Normalization } from './pretrained/normalization.ts';
export {
  readPretrained,
  type PretrainedEncoder,
  type PretrainedResnet,
  type PretrainedSource,
  type PretrainedTextEncoder,
  type PretrainedVit,
  type ReadPretrainedOptions,
} from './pretrained/read-pretrained.ts';
export type { PretrainedFamily } from './pretrained/recognize-family.ts';
export { toForeign, type ForeignOptions, type ForeignTensor } from './pretrained/to-foreign.ts';
