import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { loadTokenizer } from '@selfsup/data/text';
import { readPretrained, resnet18, saveWeights } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sentences } from '../../fixtures/tiny-text.ts';
import { importEncoder } from '../import-encoder.ts';
import { loadEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { memoryStore } from '../run-store.ts';
import { exportEncoder, exportFormats, type ExportEncoderOptions } from './export-encoder.ts';

const shape = [12, 16, 16, 3] as const;
const images = { images: Uint8Array.from(drawUniform(createRng(5), 12 * 768, { min: 0, max: 255 })), shape };

async function trained(config: RunConfig): Promise<Uint8Array> {
  for await (const event of pretrain({ data: images, epochs: 1, batchSize: 6, backend: 'wasm', threads: 1, probeEvery: 0, ...config }))
    if (event.type === 'end') return event.encoder;
  throw new Error('it has not ended');
}

/** The whole checkpoint, heads and all. */
async function trainedWhole(config: RunConfig): Promise<Uint8Array> {
  const store = memoryStore();
  for await (const event of pretrain(config, { store })) expect(event.type).not.toBe('stopped');
  return (await store.read('checkpoint.safetensors'))!;
}

/** Opens a graph model as `tf.loadGraphModel` does. */
function open(files: Readonly<Record<string, Uint8Array>>) {
  const model = JSON.parse(new TextDecoder().decode(files['model.json'])) as tf.io.ModelJSON;
  const { modelTopology, signature, format, weightsManifest } = model;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const weightData = files['weights.bin']!.slice().buffer;
  return loadGraphModel(tf.io.fromMemory({ modelTopology, signature, format, weightSpecs, weightData }));
}

const failure = (bytes: Uint8Array, options: ExportEncoderOptions) =>
  exportEncoder(bytes, options).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

const small = {
  encoder: 'vit-tiny',
  encoderOptions: { numLayers: 1, width: 16, numHeads: 2, patchSize: 8 },
  taskOptions: { headOutput: 4 },
};

describe('an encoder of images', () => {
  let vit: Uint8Array;
  beforeAll(async () => {
    await selectBackend({ prefer: 'wasm', threads: 1 });
    vit = await trained(small);
  }, 60_000);

  it('has the features of `embed` in a graph model, as its readout says, from pixels in [0, 1], with a classifier', async () => {
    const bytes = await trained({
      ...{ encoder: 'conv-net', encoderOptions: { widths: [4, 8], input: 'local-contrast' }, taskOptions: { headOutput: 4 } },
      ...{ readout: 'pyramid', readoutOptions: { levels: [{ layer: 'layer2', grid: 2 }] } },
    });
    const encoder = await loadEncoder(bytes);
    const { data, shape: dims } = await encoder.embed(images);
    encoder.dispose();
    const dim = dims[1];
    const classifier = {
      ...{ kernel: drawUniform(createRng(1), dim * 2, { min: -1, max: 1 }), bias: Float32Array.of(0.5, -0.5) },
      ...{ mean: new Float32Array(dim).fill(0.1), scale: new Float32Array(dim).fill(2), classes: ['a', 'b'], temperature: 0.5 },
    };
    const files = await exportEncoder(bytes, { format: 'tfjs', classifier });
    const card = new TextDecoder().decode(files['README.md']);
    expect(card).toContain("const [features, probabilities] = model.execute({ pixel_values }, ['features', 'probabilities']);");
    expect(card).toContain('- `probabilities` [batch, 2], of the classes in this order');
    expect(Object.keys(files)).toEqual(['model.json', 'weights.bin', 'config.json', 'preprocessor_config.json', 'README.md']);
    const model = await open(files);
    const input = tf.tensor4d(
      Float32Array.from(images.images, (value) => value / 255),
      [...shape],
    );
    const [features, probabilities] = model.execute({ pixel_values: input }, ['features', 'probabilities']) as tf.Tensor[];
    const found = await features!.data();
    expect(Math.max(...found.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(1e-5);
    const given = await probabilities!.data();
    for (let row = 0; row < 12; row++) {
      const logit = (k: number) =>
        classifier.bias[k]! +
        Array.from({ length: dim }, (_, i) => ((data[row * dim + i]! - 0.1) / 2) * classifier.kernel[2 * i + k]!).reduce(
          (a, b) => a + b,
          0,
        );
      expect(given[2 * row]!).toBeCloseTo(1 / (1 + Math.exp((logit(1) - logit(0)) / 0.5)), 4);
    }
    tf.dispose([input, features!, probabilities!]);
    model.dispose();
  });

  it('is read by many parts of the image in a graph model, too', async () => {
    const readout = { readout: 'patches', readoutOptions: { grid: 2, area: 0.4, flip: true } };
    const encoder = await loadEncoder(vit, readout);
    const { data } = await encoder.embed(images);
    encoder.dispose();
    const model = await open(await exportEncoder(vit, { format: 'tfjs', ...readout }));
    const input = tf.tensor4d(Float32Array.from(images.images, (value) => value / 255), [...shape]); // prettier-ignore
    const features = model.execute({ pixel_values: input }, 'features') as tf.Tensor;
    const found = await features.data();
    expect(Math.max(...found.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(1e-5);
    tf.dispose([input, features]);
    model.dispose();
    expect(Object.keys(await exportEncoder(vit, readout))).toContain('onnx/model.onnx');
  });

  it('is written for timm and transformers as it is read again', async () => {
    const encoder = await loadEncoder(vit);
    expect(exportFormats(encoder)).toEqual(['onnx', 'tfjs', 'safetensors-timm', 'huggingface']);
    for (const format of ['safetensors-timm', 'huggingface']) {
      const files = await exportEncoder(vit, { format });
      const { tensors } = decodeSafetensors(files['model.safetensors']!);
      const config: unknown = JSON.parse(new TextDecoder().decode(files['config.json']));
      const read = readPretrained({ tensors, config }, { imageSize: 16 });
      const again = read.factory(createRng(0));
      const weights = (module: typeof again | typeof encoder.module) =>
        Object.fromEntries(Object.entries(module.trainable).map(([path, variable]) => [path, [...variable.dataSync()]]));
      expect(weights(again)).toMatchObject(weights(encoder.module));
      again.dispose();
    }
    encoder.dispose();
  });

  it('takes images that are not square', async () => {
    const sides = [12, 16, 24, 3] as const;
    const wide = { images: Uint8Array.from(drawUniform(createRng(6), 12 * 16 * 24 * 3, { min: 0, max: 255 })), shape: sides };
    const bytes = await trained({ ...small, data: wide });
    const encoder = await loadEncoder(bytes);
    const { data } = await encoder.embed(wide);
    encoder.dispose();
    const files = await exportEncoder(bytes, { format: 'tfjs' });
    const model = await open(files);
    const input = tf.tensor4d(Float32Array.from(wide.images, (value) => value / 255), [...sides]); // prettier-ignore
    const features = model.execute({ pixel_values: input }, 'features') as tf.Tensor;
    const found = await features.data();
    expect(Math.max(...found.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(1e-5);
    tf.dispose([input, features]);
    model.dispose();
    const card = new TextDecoder().decode((await exportEncoder(bytes, {}))['README.md']);
    expect(card).toContain('numpy.zeros((1, 3, 16, 24), dtype=numpy.float32)');
    const processor: unknown = JSON.parse(new TextDecoder().decode(files['preprocessor_config.json']));
    expect(processor).toMatchObject({ size: { height: 16, width: 24 }, do_normalize: false });
    expect(processor).not.toHaveProperty('crop_size');
  });

  it('says to transformers how photos are made to fit: resized to cover, the middle cropped', async () => {
    const processor = async (options: ExportEncoderOptions) =>
      JSON.parse(new TextDecoder().decode((await exportEncoder(vit, options))['preprocessor_config.json'])) as unknown;
    const fit = { size: { shortest_edge: 16 }, resample: 1, do_center_crop: true, crop_size: { height: 16, width: 16 } };
    expect(await processor({})).toMatchObject({ ...fit, do_normalize: false });
    expect(await processor({ preprocessing: false })).toMatchObject({ ...fit, image_mean: [expect.any(Number), expect.any(Number), expect.any(Number)] }); // prettier-ignore
    expect(await processor({ format: 'huggingface' })).toMatchObject({ ...fit, do_normalize: true });
  });

  it('comes with a model card', async () => {
    const card = new TextDecoder().decode((await exportEncoder(vit, {}))['README.md']);
    expect(card).toContain('# vit-tiny, simclr on array');
    expect(card).toContain('just covers 16x16 pixels (height by width; Lanczos with antialiasing), crop the middle, divide');
    expect(card).toContain("features = session.run(['features'], {'pixel_values': images})[0]");
    expect(card).toContain('Nothing was measured in this export.');
    expect(card).toContain('- `features` [batch, 16]');
    expect(card).toContain("onnxruntime.InferenceSession('onnx/model.onnx')");
  });

  it('is smaller in fewer bits, and only where the features stay', async () => {
    const size = async (precision: 'fp32' | 'fp16' | 'int8') => Object.values(await exportEncoder(vit, { precision }))[0]!.length;
    expect(await size('fp16')).toBeLessThan(0.6 * (await size('fp32')));
    expect(await size('int8')).toBeLessThan(await size('fp32')); // its kernels are small: few are worth rounding
  });

  it('is refused in words where a format cannot express it', async () => {
    expect(await failure(vit, { format: 'onxx' })).toMatch(/^SELFSUP_OPTION: .*'onxx'.*onnx/);
    expect(await failure(vit, { format: 'tfjs', precision: 'int8' })).toBe(
      'SELFSUP_OPTION: `precision` int8 is for the format onnx, got the format tfjs',
    );
    const network = resnet18({ stem: 'cifar' })(createRng(0));
    const cifar = await importEncoder({
      ...{ modality: 'image', encoder: 'resnet18', encoderOptions: { stem: 'cifar' }, weights: await saveWeights(network) },
      input: { size: 32, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] },
      source: { name: 'a test', sha256: 'a'.repeat(64), family: 'resnet' },
    });
    network.dispose();
    expect(await failure(cifar, { format: 'safetensors-timm' })).toContain(
      'a resnet18 with the stem for small images has no counterpart in timm; export it as onnx',
    );
  }, 60_000);
});

it.each(['masked-language', 'next-token'])(
  'an encoder of texts that learned %s has states, features and logits of any length',
  async (task) => {
    await selectBackend({ prefer: 'wasm', threads: 1 });
    const bytes = await trainedWhole({
      ...{ task, data: { texts: sentences(60) }, length: 16, vocabularySize: 100, epochs: 1, batchSize: 8, backend: 'wasm', threads: 1 },
      encoderOptions: { numLayers: 1, width: 8, numHeads: 2, maxPositions: 16 },
    });
    const texts = sentences(3);
    const encoder = await loadEncoder(bytes);
    const { data: expected } = await encoder.embed({ texts });
    const tokenizer = await loadTokenizer(encoder.files['tokenizer.json']!);
    encoder.dispose();
    const files = await exportEncoder(bytes, { format: 'tfjs' });
    const model = await open(files);
    for (const [row, text] of texts.entries()) {
      const ids = tokenizer.encode(text).ids.slice(0, 16);
      const input = (value: (i: number) => number) =>
        tf.tensor2d(
          Int32Array.from(ids, (_, i) => value(i)),
          [1, ids.length],
          'int32',
        );
      const given = { input_ids: input((i) => ids[i]!), attention_mask: input(() => 1), token_type_ids: input(() => 0) };
      const [features, logits] = model.execute(given, ['features', 'logits']) as tf.Tensor[];
      expect(logits!.shape.slice(0, 2)).toEqual([1, ids.length]);
      const found = await features!.data();
      expect(Math.max(...found.map((value, i) => Math.abs(value - expected[row * 8 + i]!)))).toBeLessThan(1e-5);
      tf.dispose([...Object.values(given), features!, logits!]);
    }
    model.dispose();
    const names = Object.keys(await exportEncoder(bytes, {}));
    expect(names).toEqual(
      expect.arrayContaining(['onnx/model.onnx', 'config.json', 'tokenizer.json', 'tokenizer_config.json', 'README.md']),
    );
  },
);
