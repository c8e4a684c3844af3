import '@tensorflow/tfjs-backend-cpu';
import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bert } from '../bert.ts';
import { sinCosPositions } from '../layers/patch-positions.ts';
import { resnet18, resnet34 } from '../resnet.ts';
import { saveWeights, type SavedWeights } from '../save-weights.ts';
import { vit, type VitOptions, type VitSize } from '../vit.ts';
import type { ReadTensor } from './name-table.ts';
import { readPretrained, type PretrainedVit } from './read-pretrained.ts';
import { toForeign, type ForeignOptions } from './to-foreign.ts';
import type { PretrainedFamily } from './recognize-family.ts';

const size = { imageSize: 16, patchSize: 4, numLayers: 2, width: 64, numHeads: 1 };
const weightsOf = async (build: () => Parameters<typeof saveWeights>[0] & { dispose(): void }): Promise<SavedWeights> => {
  const module = build();
  const weights = await saveWeights(module);
  module.dispose();
  return weights;
};
const vitWeights = (options: VitOptions & VitSize) => weightsOf(() => vit(options)(createRng(3)));
type Tensors = Map<string, ReadTensor>;
const timm = async (options: VitOptions & VitSize = { ...size, positions: 'learned' }): Promise<Tensors> =>
  new Map(toForeign('vit', await vitWeights(options), options));
const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
/** Bit for bit; `toEqual` takes seconds for millions of values. */
function expectSame(actual: SavedWeights, expected: SavedWeights): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  for (const [path, { shape, data }] of Object.entries(expected)) {
    expect(actual[path]!.shape, path).toEqual(shape);
    expect(bytes(actual[path]!.data).equals(bytes(data)), path).toBe(true);
  }
}
const zeros = (...shape: number[]): ReadTensor => ({ dtype: 'F32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const readVit = (...args: Parameters<typeof readPretrained>) => readPretrained(...args) as PretrainedVit;

describe('every family is read as it is written', () => {
  const many = { ...size, positions: 'learned', layerScale: 1, hiddenDim: 80 } as const;
  const text = { numLayers: 2, width: 64, numHeads: 1, vocabularySize: 11, maxPositions: 6, hiddenDim: 96 };
  it.each<[PretrainedFamily, string, ForeignOptions, () => Promise<SavedWeights>]>([
    ['vit', 'vit-tiny', many, () => vitWeights(many)],
    ['vit', 'vit-tiny', { ...many, numRegisters: 2, classPosition: false, qkvBias: false }, () => vitWeights({ ...many, numRegisters: 2, classPosition: false, qkvBias: false })], // prettier-ignore
    ['huggingface-vit', 'vit-tiny', size, () => vitWeights(size)],
    ['huggingface-dinov2', 'vit-tiny', { ...many, numRegisters: 3 }, () => vitWeights({ ...many, numRegisters: 3 })],
    ['huggingface-bert', 'bert-tiny', text, () => weightsOf(() => bert(text)(createRng(1)))],
    ['huggingface-distilbert', 'bert-tiny', { ...text, numSegments: 0 }, () => weightsOf(() => bert({ ...text, numSegments: 0 })(createRng(1)))], // prettier-ignore
    ['resnet', 'resnet18', { encoder: 'resnet18', stem: 'cifar' }, () => weightsOf(() => resnet18({ stem: 'cifar' })(createRng(1)))],
    ['huggingface-resnet', 'resnet34', { encoder: 'resnet34' }, () => weightsOf(() => resnet34()(createRng(1)))],
  ])('%s, as %s', async (family, encoder, options, make) => {
    const weights = await make();
    const tensors = toForeign(family, weights, options);
    const read = readPretrained({ tensors });
    expect(read).toMatchObject({ family, encoder, left: [] });
    expectSame(read.weights, weights);
    const module = read.factory(createRng(0)) as Parameters<typeof saveWeights>[0] & { dispose(): void };
    expectSame(await saveWeights(module), weights);
    module.dispose();
  });
});

describe('the network of a file with several parts', () => {
  it("is the teacher's backbone of DINO's full checkpoint", async () => {
    const [student, teacher] = [await timm({ ...size, positions: 'learned' }), new Map(toForeign('vit', await weightsOf(() => vit({ ...size, positions: 'learned' })(createRng(4))), { ...size, positions: 'learned' }))]; // prettier-ignore
    const tensors: Tensors = new Map([
      ...renamed(student, (name) => `student.module.backbone.${name}`),
      ['student.module.head.mlp.0.weight', zeros(3, 3)],
      ...renamed(teacher, (name) => `teacher.backbone.${name}`),
      ['teacher.head.mlp.0.weight', zeros(3, 3)],
      ['teacher.head.last_layer.weight_g', zeros(3, 1)],
      ['dino_loss.center', zeros(1, 3)],
      ['optimizer.state.0.exp_avg', zeros(3)],
    ]);
    const read = readVit({ tensors });
    expect(read.weights['classToken']!.data).toEqual(teacher.get('cls_token')!.data);
    expect(read.left).toEqual(['student', 'projector', 'training state']);
    const other = readVit({ tensors }, { prefix: 'student.module.backbone' });
    expect(other.weights['classToken']!.data).toEqual(student.get('cls_token')!.data);
    expect(other.left).toEqual(['teacher', 'projector', 'training state']);
    expect(() => readPretrained({ tensors }, { prefix: 'x' })).toThrow(
      'no network lies under the prefix `x`; there are `student.module.backbone.`, `teacher.backbone.`',
    );
  });

  it('is not chosen among equals', async () => {
    const one = await timm();
    const tensors = new Map([...renamed(one, (name) => `a.${name}`), ...renamed(one, (name) => `b.${name}`)]);
    expect(() => readPretrained({ tensors })).toThrow('there are several networks, under `a.`, `b.`; choose one with `prefix`');
  });

  it("has DINOv2's own names: chunks of blocks, register_tokens, a mask token", async () => {
    const options = { ...size, positions: 'learned', layerScale: 1, numRegisters: 2, maskToken: true } as const;
    const tensors = renamed(await timm(options), (name) =>
      name.replace(/^blocks\.(\d+)\./, 'blocks.0.$1.').replace('reg_token', 'register_tokens'),
    );
    const read = readVit({ tensors });
    expect(read.options).toMatchObject({ numRegisters: 2, layerScale: 1, positions: 'learned' });
    expect(read.left).toEqual(['mask token']);
    const masked = readVit({ tensors }, { maskToken: true });
    expect(masked.options.maskToken).toBe(true);
    expect(masked.weights['maskToken']!.data).toEqual(tensors.get('mask_token')!.data);
  });

  it("is MAE's encoder: fixed positions stay fixed, the decoder is left out", async () => {
    const tensors = await timm(size); // fixed positions are written out
    expect(tensors.get('pos_embed')!.data).toEqual(sinCosPositions(4, 64));
    for (const [name, shape] of [['mask_token', [1, 1, 32]], ['decoder_pos_embed', [1, 17, 32]], ['decoder_embed.weight', [32, 64]], ['decoder_blocks.0.norm1.weight', [32]]] as const) tensors.set(name, zeros(...shape)); // prettier-ignore
    const read = readVit({ tensors: renamed(tensors, (name) => `model.${name}`) });
    expect(read.options.positions).toBe('sin-cos');
    expect(read.left).toEqual(['mask token', 'decoder']);
    expect('positions' in read.weights).toBe(false);
    const larger = readVit({ tensors }, { imageSize: 24 });
    expect(larger.options.positions).toBe('learned');
    expect(larger.weights['positions']!.shape).toEqual([37, 64]);
    expect(larger.notes[0]).toContain('interpolated to another grid');
  });
});

describe('an encoder for other images', () => {
  it('has the channels, patches and positions that are asked for, and answers nearly as before', async () => {
    const options = { ...size, positions: 'learned' } as const;
    const tensors = await timm(options);
    const original = readVit({ tensors });
    const adapted = readVit({ tensors }, { channels: 1, patchSize: 8, imageSize: 32 });
    expect(adapted).toMatchObject({ channels: 1, imageSize: 32, options: { patchSize: 8 } });
    expect(adapted.normalization.mean).toHaveLength(1);
    const [before, after] = [original.factory(createRng(0)), adapted.factory(createRng(0))];
    const gap = tf.tidy(() => {
      // smooth: what the enlarged image is, the enlarged kernel sees as before
      const ramp = (shape: [number, number, number, number], slope: number) => tf.mul(tf.reshape(tf.range(0, 16), shape), slope);
      const gray = tf.add<tf.Tensor4D>(ramp([1, 16, 1, 1], 0.05), ramp([1, 1, 16, 1], -0.03));
      const large = tf.image.resizeBilinear(gray, [32, 32], false, true);
      const a = before.apply(tf.tile(gray, [1, 1, 1, 3]), { training: false });
      const b = after.apply(large, { training: false });
      return tf.div(tf.norm(tf.sub(a, b)), tf.norm(a)).dataSync()[0]!;
    });
    expect(gap).toBeLessThan(0.05);
    before.dispose();
    after.dispose();
    expect(() => readPretrained({ tensors }, { patchSize: 5 })).toThrow('`imageSize` must be a multiple of the patch size 5, got 16');
  });

  it('has the normalization that the files tell', async () => {
    const tensors = await timm();
    const mean = [0.5, 0.4, 0.3];
    const preprocessor = { image_mean: mean, image_std: [0.5, 0.5, 0.5], size: { height: 16, width: 16 } };
    expect(readVit({ tensors, preprocessor }).normalization).toEqual({ mean, std: [0.5, 0.5, 0.5] });
    const config = { architecture: 'vit', pretrained_cfg: { mean, std: [0.2, 0.2, 0.2], input_size: [3, 16, 16] } };
    expect(readVit({ tensors, config }, { channels: 4 }).normalization.mean).toEqual([0.5, 0.4, 0.3, 0.5]);
    expect(readVit({ tensors }).normalization.mean).toEqual([0.485, 0.456, 0.406]);
    expect(readVit({ tensors }).notes.join()).toContain("ImageNet's mean and deviation are assumed");
    expect(readVit({ tensors, preprocessor: { do_normalize: false } }).normalization).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect(() => readPretrained({ tensors, preprocessor: { rescale_factor: 1 / 127.5 } })).toThrow('`rescale_factor` of preprocessor_config.json must be 1/255'); // prettier-ignore
    expect(() => readPretrained({ tensors, preprocessor: { image_mean: [1, 'x'] } })).toThrow('`image_mean` of preprocessor_config.json must be numbers'); // prettier-ignore
  });
});

describe('every mismatch is named', () => {
  const change = (edit: (tensors: Tensors) => void) => async (): Promise<Parameters<typeof readPretrained>> => {
    const tensors = await timm();
    edit(tensors);
    return [{ tensors }];
  };
  it.each<[string, () => Promise<Parameters<typeof readPretrained>>, RegExp]>([
    ['names of nobody', () => Promise.resolve([{ tensors: new Map([['x.y', zeros(1)]]) }]), /the names of the 1 tensors are those of no family .*the first are `x\.y`$/],
    ['no tensors', () => Promise.resolve([{ tensors: new Map() }]), /the names of the 0 tensors/],
    ['a tensor missing', change((t) => t.delete('blocks.1.mlp.fc1.bias')), /the architecture asks for `blocks\.1\.mlp\.fc1\.bias` \[256\], which the file lacks$/],
    ['many missing', change((t) => { for (const name of [...t.keys()]) if (/^(blocks\.1\.mlp|norm)/.test(name)) t.delete(name); }), /asks for `norm\.weight` \[64\], which the file lacks \(and 5 more: `norm\.bias`, `blocks\.1\.mlp\.fc1\.weight`, …\)$/],
    ['one too many', change((t) => t.set('blocks.0.attn.q_norm.weight', zeros(64))), /the file has `blocks\.0\.attn\.q_norm\.weight` \[64\], for which the architecture has no place$/],
    ['another shape', change((t) => t.set('blocks.0.mlp.fc2.weight', zeros(64, 255))), /by the architecture `blocks\.0\.mlp\.fc2\.weight` must have shape \[64, 256\], got \[64, 255\]$/],
    ['all three', change((t) => t.set('norm_pre.weight', zeros(64)).set('norm.bias', zeros(1)).delete('norm.weight')), /asks for `norm\.weight` .*; by the architecture `norm\.bias` .*; the file has `norm_pre\.weight`/],
    ['integers', change((t) => t.set('norm.bias', { dtype: 'I32', shape: [64], data: new Int32Array(64) })), /`norm\.bias` must be of F32, got I32/],
    ['too few values', change((t) => t.set('norm.bias', { dtype: 'F32', shape: [64], data: new Float32Array(3) })), /`norm\.bias` \[64\] must have 64 values, got 3/],
    ['positions of no square', change((t) => t.set('pos_embed', zeros(1, 13, 64))), /must be those of a square of patches, with or without the class token, got 13 rows/],
    ['a mean that is normalized', change((t) => t.set('fc_norm.weight', zeros(64)).delete('norm.weight')), /normalizes the mean of the patches/],
    ['another activation', async () => [{ tensors: new Map(toForeign('huggingface-vit', await vitWeights(size), size)), config: { hidden_act: 'quick_gelu' } }], /`hidden_act` of config\.json must be "gelu", got "quick_gelu"/],
    ['a config of another width', async () => [{ tensors: new Map(toForeign('huggingface-vit', await vitWeights(size), size)), config: { hidden_size: 32 } }], /`hidden_size` of config\.json must be 64, got 32/],
    ['another ResNet', async () => { const t = new Map(toForeign('resnet', await weightsOf(() => resnet18({ stem: 'cifar' })(createRng(0))), { encoder: 'resnet18', stem: 'cifar' })); for (const name of [...t.keys()]) if (name.startsWith('layer4.1')) t.delete(name); return [{ tensors: t }]; }, /2, 2, 2, 2 basic blocks \(resnet18\).* got 2, 2, 2, 1 basic blocks/],
  ])('%s', async (_, source, message) => {
    const [first, options] = await source();
    const act = () => readPretrained({ ...first, name: 'model.safetensors' }, options);
    expect(act).toThrow(message);
    expect(act).toThrow('model.safetensors: ');
    expect(act).toThrow(expect.objectContaining({ code: 'SELFSUP_CHECKPOINT' }));
  }); // prettier-ignore

  it('heads that nothing tells and that do not divide', async () => {
    const options = { ...size, width: 48, numHeads: 3, positions: 'learned' } as const;
    const tensors = await timm(options);
    expect(() => readPretrained({ tensors })).toThrow('nothing says how many heads the width 48 is divided into; give `numHeads`');
    expect(() => readPretrained({ tensors }, { numHeads: 5 })).toThrow('5 does not divide it');
    expect(readVit({ tensors }, { numHeads: 3 }).options.numHeads).toBe(3);
  });

  it('what a family has no place for is not written', async () => {
    const options = { ...size, layerScale: 1 };
    const weights = await vitWeights(options);
    expect(() => toForeign('huggingface-vit', weights, options)).toThrow('of which it has no place for `block1/layerScale1/scale`');
    expect(() => toForeign('vit', weights, { ...options, hiddenDim: 10 })).toThrow('must have shape [64, 10], got [64, 256]');
  });

  it('a RoBERTa without its config', async () => {
    const options = { numLayers: 1, width: 64, numHeads: 1, vocabularySize: 9, maxPositions: 5, numSegments: 1 };
    const tensors = toForeign('huggingface-bert', await weightsOf(() => bert(options)(createRng(0))), options);
    expect(() => readPretrained({ tensors })).toThrow('this looks like a RoBERTa');
  });
});
