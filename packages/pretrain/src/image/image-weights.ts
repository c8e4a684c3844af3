import { SelfsupError } from '@selfsup/core';
import { saveWeights, toForeign, type PretrainedFamily, type ResnetOptions, type VitOptions, type VitSize } from '@selfsup/encoders';
import { encodeSafetensors, type SafetensorsTensor } from '@selfsup/safetensors';
import type { ExportContext, WeightsFormat } from '../modality.ts';
import { imageInputOf, imageSizeOf } from './image-input.ts';
import { imageProcessor } from './image-processor.ts';

const json = (content: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);

const resnets = ['resnet18', 'resnet34', 'resnet50'];
const vits = ['vit-tiny', 'vit-small', 'vit-base'];

type Vit = VitOptions & VitSize;

/** Refuses a ResNet that other libraries do not have. */
function assertCommon(format: string, name: string, { stem, norm = 'batch' }: ResnetOptions): void {
  const refuse = (what: string) => {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `a ${name} with ${what} has no counterpart in ${format}; export it as onnx, or train one with \`stem\` imagenet and \`norm\` batch`,
    );
  };
  if (stem === 'cifar') refuse('the stem for small images');
  if (norm !== 'batch') refuse(`the normalization ${norm}`);
}

async function tensorsOf(family: PretrainedFamily, { encoder, input, module }: ExportContext): Promise<Uint8Array> {
  const { channels, ...sides } = imageInputOf(input);
  const imageSize = imageSizeOf(sides);
  const { options, name } = encoder;
  const own = resnets.includes(name) ? { ...options, encoder: name, channels } : { ...options, imageSize, channels };
  const tensors = new Map<string, SafetensorsTensor>(toForeign(family, await saveWeights(module), own as Parameters<typeof toForeign>[2]));
  // PyTorch's counters of updates, which nothing reads at inference: transformers calls a file without them incomplete
  for (const path of [...tensors.keys()].filter((one) => one.endsWith('.running_mean')))
    tensors.set(path.replace(/running_mean$/, 'num_batches_tracked'), { dtype: 'I32', shape: [], data: new Int32Array(1) });
  return encodeSafetensors({ metadata: { format: 'pt' }, tensors });
}

/** timm's name of the sizes, whose arguments are then overridden. */
const timmNames: Readonly<Record<string, string>> = {
  'vit-tiny': 'vit_tiny_patch16_224',
  'vit-small': 'vit_small_patch16_224',
  'vit-base': 'vit_base_patch16_224',
};

function timmArguments({ encoder: { name, options }, input }: ExportContext): Record<string, unknown> {
  const { channels, ...sides } = imageInputOf(input);
  if (resnets.includes(name)) return { in_chans: channels };
  const {
    patchSize,
    numLayers,
    width,
    numHeads,
    hiddenDim = 4 * width,
    pooling,
    layerScale,
    numRegisters = 0,
    qkvBias,
    classToken = true,
    classPosition = true,
  } = options as unknown as Vit;
  const isMean = pooling === 'mean' || !classToken;
  return {
    ...{ in_chans: channels, img_size: imageSizeOf(sides), patch_size: patchSize, embed_dim: width, depth: numLayers, num_heads: numHeads },
    ...{
      mlp_ratio: hiddenDim / width,
      qkv_bias: qkvBias ?? true,
      class_token: classToken,
      reg_tokens: numRegisters,
      no_embed_class: !classPosition,
    },
    ...(layerScale !== undefined && { init_values: layerScale }),
    ...(isMean ? { global_pool: 'avg', fc_norm: false } : { global_pool: 'token' }),
  };
}

/** model.safetensors and config.json as timm keeps them: `timm.create_model(architecture, num_classes=0, **model_args)` and a strict `load_state_dict`. */
async function timmFiles(context: ExportContext): Promise<Record<string, Uint8Array>> {
  const { encoder, input } = context;
  const isResnet = resnets.includes(encoder.name);
  if (isResnet) assertCommon('timm', encoder.name, encoder.options);
  const { height, width, channels, mean, std } = imageInputOf(input);
  const values = { input_size: [channels, height, width], mean, std, interpolation: 'bicubic', crop_pct: 1, num_classes: 0 };
  return {
    'model.safetensors': await tensorsOf(isResnet ? 'resnet' : 'vit', context),
    'config.json': json({
      architecture: timmNames[encoder.name] ?? encoder.name,
      num_classes: 0,
      model_args: timmArguments(context),
      pretrained_cfg: { ...values, first_conv: isResnet ? 'conv1' : 'patch_embed.proj', classifier: isResnet ? 'fc' : 'head' },
    }),
  };
}

const resnetShapes: Readonly<Record<string, { layer_type: string; depths: number[]; hidden_sizes: number[] }>> = {
  resnet18: { layer_type: 'basic', depths: [2, 2, 2, 2], hidden_sizes: [64, 128, 256, 512] },
  resnet34: { layer_type: 'basic', depths: [3, 4, 6, 3], hidden_sizes: [64, 128, 256, 512] },
  resnet50: { layer_type: 'bottleneck', depths: [3, 4, 6, 3], hidden_sizes: [256, 512, 1024, 2048] },
};

/** The family of Hugging Face's that a Vision Transformer is one of, and its config. */
function vitConfig(
  options: Vit,
  { size, channels }: { size: number | readonly [number, number]; channels: number },
): { family: PretrainedFamily; config: object } {
  const {
    patchSize,
    numLayers,
    width,
    numHeads,
    hiddenDim = 4 * width,
    layerScale,
    numRegisters = 0,
    qkvBias = true,
    epsilon = 1e-6,
    classToken = true,
    classPosition = true,
  } = options;
  const shared = {
    ...{ hidden_size: width, num_hidden_layers: numLayers, num_attention_heads: numHeads, hidden_act: 'gelu', layer_norm_eps: epsilon },
    ...{ image_size: size, patch_size: patchSize, num_channels: channels, qkv_bias: qkvBias },
    ...{ hidden_dropout_prob: 0, attention_probs_dropout_prob: 0, torch_dtype: 'float32' },
  };
  const refuse = (what: string) => {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `a Vision Transformer with ${what} has no counterpart in huggingface; export it as safetensors-timm or onnx`,
    );
  };
  if (!classToken) refuse('no class token');
  if (layerScale === undefined) {
    if (numRegisters > 0) refuse('registers and without LayerScale');
    if (!classPosition) refuse('no position of the class token');
    return {
      family: 'huggingface-vit',
      config: { architectures: ['ViTModel'], model_type: 'vit', ...shared, intermediate_size: hiddenDim, encoder_stride: patchSize },
    };
  }
  const ratio = hiddenDim / width;
  if (!Number.isInteger(ratio)) refuse(`${hiddenDim} columns between its layers, no multiple of ${width},`);
  const type =
    numRegisters > 0
      ? { architectures: ['Dinov2WithRegistersModel'], model_type: 'dinov2_with_registers', num_register_tokens: numRegisters }
      : { architectures: ['Dinov2Model'], model_type: 'dinov2' };
  return {
    family: 'huggingface-dinov2',
    config: { ...type, ...shared, mlp_ratio: ratio, layerscale_value: layerScale, use_swiglu_ffn: false },
  };
}

/** config.json, model.safetensors and preprocessor_config.json, for `AutoModel` of transformers. */
async function huggingFaceFiles(context: ExportContext): Promise<Record<string, Uint8Array>> {
  const { encoder, input } = context;
  const { height, width, channels } = imageInputOf(input);
  const size = imageSizeOf({ height, width });
  const shape = resnetShapes[encoder.name];
  if (shape) assertCommon('huggingface', encoder.name, encoder.options);
  const { family, config } = shape
    ? {
        family: 'huggingface-resnet' as const,
        config: {
          architectures: ['ResNetModel'],
          model_type: 'resnet',
          num_channels: channels,
          embedding_size: 64,
          ...shape,
          hidden_act: 'relu',
          downsample_in_first_stage: false,
          torch_dtype: 'float32',
        },
      }
    : vitConfig(encoder.options as unknown as Vit, { size, channels });
  return {
    'config.json': json(config),
    'model.safetensors': await tensorsOf(family, context),
    'preprocessor_config.json': json(imageProcessor(imageInputOf(input), { normalize: true })),
  };
}

/** The formats of weights that encoders of images have. */
export const imageWeights: Readonly<Record<string, WeightsFormat>> = {
  'safetensors-timm': { encoders: [...resnets, ...vits], write: timmFiles },
  huggingface: { encoders: [...resnets, ...vits], write: huggingFaceFiles },
};
