import { initializers, layers, sequential, type layers as Layers, type Sequential } from '@tensorflow/tfjs-layers';

type Layer = Parameters<Sequential['add']>[0];

/** A small classifier of three classes around the layers of interest, with the shape of one example; `tokens`: it reads ids below this. */
export interface LayerModel {
  readonly title: string;
  readonly inputShape: readonly number[];
  readonly tokens?: number;
  readonly build: () => Sequential;
}

let seed = 0;
/** Weights from a seed of their own, so that two models built alike are equal. */
const weights = (): ReturnType<typeof initializers.glorotUniform> => initializers.glorotUniform({ seed: ++seed });

function model(title: string, inputShape: readonly number[], body: () => Layer[], { tokens = 0, flat = false } = {}): LayerModel {
  return {
    title,
    inputShape,
    ...(tokens > 0 && { tokens }),
    build() {
      seed = 0;
      const head = [...(flat ? [] : [layers.flatten()]), layers.dense({ units: 3, kernelInitializer: weights() })];
      return sequential({ layers: [...body(), ...head] });
    },
  };
}

const IMAGE: [number, number, number] = [8, 8, 3];
const LINE: [number, number] = [10, 4];
const BOX: [number, number, number, number] = [5, 6, 6, 2];
const recurrent = () => ({ kernelInitializer: weights(), recurrentInitializer: weights() });
const dense = (units: number, activation: string, extra: object = {}): Layer =>
  layers.dense({ units, activation: activation as 'relu', kernelInitializer: weights(), ...extra });
const conv = (extra: Partial<Parameters<typeof Layers.conv2d>[0]> = {}): Layer =>
  layers.conv2d({ inputShape: IMAGE, filters: 5, kernelSize: 3, kernelInitializer: weights(), ...extra });
const slopes = () => initializers.randomUniform({ minval: 0, maxval: 0.5, seed: 3 });

/** What an image passes through. */
const imageLayers: readonly LayerModel[] = [
  model('conv2d', IMAGE, () => [conv({ strides: 2, padding: 'same', activation: 'elu' })]),
  model('conv2dTranspose', IMAGE, () => [
    layers.conv2dTranspose({ inputShape: IMAGE, filters: 4, kernelSize: 3, strides: 2, padding: 'same', kernelInitializer: weights() }),
  ]),
  model('depthwiseConv2d', IMAGE, () => [
    layers.depthwiseConv2d({ inputShape: IMAGE, kernelSize: 3, depthMultiplier: 2, depthwiseInitializer: weights() }),
  ]),
  model('separableConv2d', IMAGE, () => [
    layers.separableConv2d({
      inputShape: IMAGE,
      filters: 6,
      kernelSize: 3,
      depthwiseInitializer: weights(),
      pointwiseInitializer: weights(),
    }),
  ]),
  model('batchNormalization', IMAGE, () => [layers.batchNormalization({ inputShape: IMAGE })]),
  model('maxPooling2d of signed values', IMAGE, () => [conv(), layers.maxPooling2d({ poolSize: 2 })]),
  // inside the image only: at a padded edge the cpu backend's gradient is not that of its forward pass, see pooling-kernels.ts
  model('averagePooling2d', IMAGE, () => [conv(), layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'valid' })]),
  model('globalMaxPooling2d', IMAGE, () => [conv(), layers.globalMaxPooling2d({})], { flat: true }),
  model('globalAveragePooling2d', IMAGE, () => [conv(), layers.globalAveragePooling2d({})], { flat: true }),
  model('upSampling2d bilinear', IMAGE, () => [conv(), layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })]),
  model('zeroPadding2d and cropping2D', IMAGE, () => [
    conv(),
    layers.zeroPadding2d({ padding: 1 }),
    layers.cropping2D({
      cropping: [
        [1, 0],
        [0, 2],
      ],
    }),
  ]),
  model('prelu, a slope for each pixel', IMAGE, () => [conv(), layers.prelu({ alphaInitializer: slopes() })]),
  model('prelu, a slope for each channel', IMAGE, () => [conv(), layers.prelu({ sharedAxes: [1, 2], alphaInitializer: slopes() })]),
];

/** What a sequence, a box or a vector passes through. */
const otherLayers: readonly LayerModel[] = [
  model('conv1d', LINE, () => [
    layers.conv1d({ inputShape: LINE, filters: 5, kernelSize: 3, kernelInitializer: weights(), activation: 'relu' }),
  ]),
  model('maxPooling1d', LINE, () => [
    layers.conv1d({ inputShape: LINE, filters: 5, kernelSize: 3, kernelInitializer: weights() }),
    layers.maxPooling1d({ poolSize: 2 }),
  ]),
  model('conv3d and maxPooling3d', BOX, () => [
    layers.conv3d({ inputShape: BOX, filters: 3, kernelSize: 3, kernelInitializer: weights() }),
    layers.maxPooling3d({ poolSize: [2, 2, 2] }),
  ]),
  model('averagePooling3d', BOX, () => [
    layers.conv3d({ inputShape: BOX, filters: 3, kernelSize: 2, kernelInitializer: weights() }),
    layers.averagePooling3d({ poolSize: [2, 2, 2] }),
  ]),
  model('layerNormalization', [7], () => [layers.layerNormalization({ inputShape: [7] })], { flat: true }),
  model(
    'activations',
    [6],
    () => [
      dense(5, 'swish', { inputShape: [6] }),
      ...['mish', 'selu', 'softplus', 'tanh', 'hardSigmoid', 'gelu'].map((name) => dense(5, name)),
      layers.leakyReLU({}),
      layers.elu({}),
      layers.softmax({}),
    ],
    { flat: true },
  ),
  model('embedding', [6], () => [embed(), layers.globalAveragePooling1d({})], { tokens: 11, flat: true }),
  model('masked embedding and simpleRNN', [6], () => [embed({ maskZero: true }), layers.simpleRNN({ units: 4, ...recurrent() })], {
    tokens: 11,
    flat: true,
  }),
  model('lstm', LINE, () => [layers.lstm({ inputShape: LINE, units: 4, returnSequences: true, ...recurrent() })]),
  model('gru', LINE, () => [layers.gru({ inputShape: LINE, units: 4, ...recurrent() })], { flat: true }),
  model(
    'bidirectional',
    LINE,
    () => [layers.bidirectional({ inputShape: LINE, layer: layers.lstm({ units: 4, ...recurrent() }), mergeMode: 'concat' })],
    { flat: true },
  ),
  model('timeDistributed', LINE, () => [layers.timeDistributed({ inputShape: LINE, layer: dense(4, 'linear') })]),
  model('convLstm2d', [3, 6, 6, 2], () => [layers.convLstm2d({ inputShape: [3, 6, 6, 2], filters: 3, kernelSize: 3, ...recurrent() })]),
];

function embed(extra: object = {}): Layer {
  return layers.embedding({ inputDim: 11, outputDim: 5, inputLength: 6, embeddingsInitializer: weights(), ...extra });
}

/** One model for each layer of tfjs-layers that training passes through. */
export const layerModels: readonly LayerModel[] = [...imageLayers, ...otherLayers];
