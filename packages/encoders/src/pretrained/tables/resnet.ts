import { batchNorm, type NameTable, type Row } from '../name-table.ts';

const conv = (theirs: string, ours: string, shape: Row['shape']): Row => ({ theirs, ours, shape, turn: 'convolution' });

/** A convolution of a block and its normalization, in torchvision's names and in Hugging Face's. */
const torch = (i: number, shape: Row['shape'], width: string): Row[] => [
  conv(`layer{stage}.{i}.conv${i}.weight`, `stage{stage}/block{block}/conv${i}/kernel`, shape),
  ...batchNorm(`layer{stage}.{i}.bn${i}`, `stage{stage}/block{block}/norm${i}`, width),
];
const cell = 'encoder.stages.{stage0}.layers.{i}';
const hugging = (i: number, shape: Row['shape'], width: string): Row[] => [
  conv(`${cell}.layer.${i - 1}.convolution.weight`, `stage{stage}/block{block}/conv${i}/kernel`, shape),
  ...batchNorm(`${cell}.layer.${i - 1}.normalization`, `stage{stage}/block{block}/norm${i}`, width),
];

/** torchvision's names, which timm, DINO, MoCo and many others have, too. */
export const resnetTable: NameTable = {
  family: 'resnet',
  kind: 'resnet',
  anchors: ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight'],
  renames: [],
  rows: {
    stem: [conv('conv1.weight', 'stem/conv/kernel', ['width', 'channels', 'kernel', 'kernel']), ...batchNorm('bn1', 'stem/norm', 'width')],
    basic: [...torch(1, ['width', 'input', 3, 3], 'width'), ...torch(2, ['width', 'width', 3, 3], 'width')],
    bottleneck: [
      ...torch(1, ['width', 'input', 1, 1], 'width'),
      ...torch(2, ['width', 'width', 3, 3], 'width'),
      ...torch(3, ['output', 'width', 1, 1], 'output'),
    ],
    downsample: [
      conv('layer{stage}.{i}.downsample.0.weight', 'stage{stage}/block{block}/downsample/conv/kernel', ['output', 'input', 1, 1]),
      ...batchNorm('layer{stage}.{i}.downsample.1', 'stage{stage}/block{block}/downsample/norm', 'output'),
    ],
  },
  heads: {
    projector: /^(projector|projection_head|predictor|dino_head|head\.(mlp|last_layer)|fc\.\d+)\./,
    classifier: /^(fc|head|classifier|last_linear)\./,
  },
  ignored: /(^|\.)num_batches_tracked$/,
};

/** Names of Hugging Face's `ResNetModel`, such as microsoft/resnet-50. */
export const huggingFaceResnetTable: NameTable = {
  family: 'huggingface-resnet',
  kind: 'resnet',
  anchors: ['embedder.embedder.convolution.weight', 'encoder.stages.0.layers.0.layer.0.convolution.weight'],
  renames: [],
  rows: {
    stem: [
      conv('embedder.embedder.convolution.weight', 'stem/conv/kernel', ['width', 'channels', 'kernel', 'kernel']),
      ...batchNorm('embedder.embedder.normalization', 'stem/norm', 'width'),
    ],
    basic: [...hugging(1, ['width', 'input', 3, 3], 'width'), ...hugging(2, ['width', 'width', 3, 3], 'width')],
    bottleneck: [
      ...hugging(1, ['width', 'input', 1, 1], 'width'),
      ...hugging(2, ['width', 'width', 3, 3], 'width'),
      ...hugging(3, ['output', 'width', 1, 1], 'output'),
    ],
    downsample: [
      conv(`${cell}.shortcut.convolution.weight`, 'stage{stage}/block{block}/downsample/conv/kernel', ['output', 'input', 1, 1]),
      ...batchNorm(`${cell}.shortcut.normalization`, 'stage{stage}/block{block}/downsample/norm', 'output'),
    ],
  },
  heads: { classifier: /^classifier\./ },
  ignored: /(^|\.)num_batches_tracked$/,
};
