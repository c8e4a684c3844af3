import { createRng } from '@selfsup/core';
import { loadWeights, readPretrained, saveWeights, toForeign, vit } from '@selfsup/encoders';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import type { EncoderRecipe } from '../encoder-recipe.ts';
import { parseOptions } from '../option-schema.ts';
import { imageEncoders, patchEncoderNames } from './encoders.ts';

const inputOf = (size: number, channels = 3) => ({ size, channels, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] });

/** The complete options of an encoder, and its factory. */
function build(name: string, given: object = {}, size = 32) {
  const recipe = imageEncoders.find((encoder) => encoder.name === name) as EncoderRecipe;
  const input = inputOf(size);
  const parsed = parseOptions(recipe.options, given, { who: name });
  const options = recipe.complete?.(parsed, input) ?? parsed;
  return { options, factory: recipe.create(options, input) };
}

describe('the encoders of images', () => {
  it.each([
    ['conv-net', 256],
    ['resnet18', 512],
    ['resnet34', 512],
    ['resnet50', 2048],
    ['vit-tiny', 192],
    ['vit-small', 384],
    ['vit-base', 768],
  ])('%s has %i columns', (name, outputDim) => {
    expect(build(name).factory.outputDim).toBe(outputDim);
  });

  it('are all known by these names, the default first', () => {
    expect(imageEncoders.map(({ name }) => name)).toEqual([
      'conv-net',
      'resnet18',
      'resnet34',
      'resnet50',
      'vit-tiny',
      'vit-small',
      'vit-base',
    ]);
    expect(patchEncoderNames).toEqual(['vit-tiny', 'vit-small', 'vit-base']);
  });

  it('take their options', () => {
    expect(build('conv-net', { widths: [4, 8] }).factory.outputDim).toBe(8);
    expect(build('vit-tiny', { numLayers: 1, width: 16, numHeads: 2 }).factory.outputDim).toBe(16);
    expect(() => build('conv-net', { width: 8 })).toThrow('conv-net has no option `width`; did you mean `widths`?');
    expect(() => build('conv-net', { norm: 'none' })).toThrow("`norm` must be one of batch, split-batch, group, got 'none'");
  });

  it('complete what depends on the images, for run.json', () => {
    expect(build('conv-net').options).toEqual({
      widths: [32, 64, 128, 256],
      norm: 'batch',
      numSplits: 8,
      numGroups: 32,
      momentum: 0.9,
      epsilon: 1e-5,
      downsampling: 'stride',
      input: 'pixels',
    });
    expect(build('resnet18').options).toMatchObject({ stem: 'cifar', zeroInitLastNorm: false });
    expect(build('resnet18', {}, 96).options).toMatchObject({ stem: 'imagenet' });
    expect(build('vit-tiny', {}, 96).options).toEqual({
      patchSize: 16,
      numLayers: 12,
      width: 192,
      numHeads: 3,
      pooling: 'class-token',
      positions: 'sin-cos',
      dropPathRate: 0,
      maskToken: false,
    });
  });

  it('may be those that others publish: registers, LayerScale, no class token', () => {
    const size = { numLayers: 1, width: 16, numHeads: 2 };
    const published = { classPosition: false, numRegisters: 3, layerScale: 1, qkvBias: false, hiddenDim: 24, epsilon: 1e-5 };
    const { options, factory } = build('vit-tiny', { ...size, ...published, positions: 'learned' });
    expect(options).toMatchObject(published);
    const encoder = factory(createRng(0));
    expect(encoder.trainable['registers']!.shape).toEqual([3, 16]);
    expect(encoder.trainable['positions']!.shape).toEqual([64, 16]);
    encoder.dispose();
    expect(() => build('vit-tiny', { ...size, classToken: false })).toThrow('`pooling` must be mean without a class token');
    const { factory: plain } = build('vit-tiny', { ...size, classToken: false, pooling: 'mean' });
    const { readouts } = imageEncoders.find(({ name }) => name === 'vit-tiny')!;
    const without = plain(createRng(0));
    const tokens = readouts!.find(({ name }) => name === 'tokens')!;
    expect(() => tokens.create(without, {}, { input: inputOf(32), files: {} })).toThrow(
      'reads the class token, which the encoder does not have',
    );
    without.dispose();
  });

  it('take the options and weights of what `readPretrained` reads', async () => {
    const size = {
      numLayers: 1,
      width: 64,
      numHeads: 1,
      numRegisters: 2,
      layerScale: 1,
      hiddenDim: 96,
      classPosition: false,
      qkvBias: false,
    };
    const options = { ...size, imageSize: 16, patchSize: 4, positions: 'learned' } as const;
    const made = vit(options)(createRng(0));
    const read = readPretrained({ tensors: toForeign('vit', await saveWeights(made), options) }, { imageSize: 32, patchSize: 8 });
    const encoder = build(read.encoder, read.options, 32).factory(createRng(1));
    loadWeights(encoder, read.weights);
    expect(await saveWeights(encoder)).toEqual(read.weights);
    made.dispose();
    encoder.dispose();
  });

  it.each([
    [32, {}, 8],
    [64, {}, 16],
    [96, {}, 6],
    [32, { patchSize: 8 }, 4],
  ])('cut images of %i pixels with %j into %i² patches', (size, options, gridSize) => {
    expect({ ...build('vit-tiny', options, size).factory }).toMatchObject({ gridSize });
  });

  it('are built of complete options as of those that the user gave', () => {
    const { options } = build('vit-tiny', { numLayers: 1, width: 16, numHeads: 2 }, 32);
    expect({ ...build('vit-tiny', options, 32).factory }).toMatchObject({ gridSize: 8, patchSize: 4, outputDim: 16 });
  });

  it('refuse what is not images', () => {
    const [convNet] = imageEncoders as readonly EncoderRecipe[];
    expect(() => convNet!.create({}, { vocabularySize: 8000 })).toThrow('the encoder does not take images');
  });
});
