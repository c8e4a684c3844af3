import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform, SelfsupError } from '@selfsup/core';
import { bert, convNet, pyramid, resnet18, resnet50, vit, type ConvNetOptions } from '@selfsup/encoders';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { trace } from '../trace.ts';
import { writeGraphModel } from './write-graph-model.ts';

const rng = createRng(0);
const uniform = (shape: readonly number[]) =>
  tf.tensor(drawUniform(rng.fold(shape.join()), shape.reduce((a, b) => a * b, 1), { min: -1, max: 1 }), [...shape]); // prettier-ignore
type Encoder = { apply(x: tf.Tensor4D, options: { training: false }): tf.Tensor; dispose(): void };

const small: ConvNetOptions = { widths: [4, 8, 6] };
const levels = [
  { layer: 'layer2', grid: 3 },
  { layer: 'layer3', grid: 2 },
];
const images: Record<string, { size: number; make: () => Encoder }> = {
  'conv-net': { size: 12, make: () => convNet(small)(rng) },
  'conv-net on colors and contrasts, pooled': {
    size: 16,
    make: () => convNet({ ...small, input: 'color-contrast', downsampling: 'pool' })(rng),
  },
  'conv-net on local contrast, group norm': {
    size: 12,
    make: () => convNet({ ...small, input: 'local-contrast', norm: 'group', numGroups: 2 })(rng),
  },
  'conv-net on global contrast, read by a pyramid': {
    size: 16,
    make: () => {
      const network = convNet({ ...small, input: 'global-contrast' })(rng);
      return {
        ...pyramid(network, { levels, flip: true }),
        dispose: () => {
          network.dispose();
        },
      };
    },
  },
  'resnet18, stem for ImageNet': { size: 32, make: () => resnet18()(rng) },
  'resnet50, stem for CIFAR': { size: 8, make: () => resnet50({ stem: 'cifar' })(rng) },
  'vit, class token': { size: 8, make: () => vit({ imageSize: 8, patchSize: 4, numLayers: 2, width: 8, numHeads: 2 })(rng) },
  'vit, other size than its positions, mean': {
    size: 12,
    make: () => vit({ imageSize: 8, patchSize: 4, numLayers: 1, width: 8, numHeads: 2, pooling: 'mean', positions: 'learned' })(rng),
  },
};

/** Images in another size, larger one way and smaller the other, by each way to place pixels. */
for (const [name, aligned, centers] of [
  ['centers on centers', false, true],
  ['corners on corners', true, false],
  ['first pixel on first pixel', false, false],
] as const)
  images[`enlarged bilinearly, ${name}`] = {
    size: 5,
    make: () => ({ apply: (x) => tf.image.resizeBilinear(x, [8, 3], aligned, centers), dispose: () => undefined }),
  };

/** Opens files as `tf.loadGraphModel` does. */
function open(files: Record<string, Uint8Array>) {
  const model = JSON.parse(new TextDecoder().decode(files['model.json'])) as tf.io.ModelJSON;
  const weights = files['weights.bin']!;
  return loadGraphModel(
    tf.io.fromMemory({
      ...{ modelTopology: model.modelTopology, signature: model.signature, format: model.format, userDefinedMetadata: model.userDefinedMetadata }, // prettier-ignore
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength) as ArrayBuffer,
    }),
  );
}

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
};

describe.each(['cpu', 'wasm'] as const)('a graph model traced on %s', (prefer) => {
  afterAll(() => selectBackend({ prefer: 'cpu' }));
  // plain JavaScript takes seconds for what is large
  it.each(Object.entries(images).filter(([name]) => prefer === 'wasm' || !name.startsWith('resnet')))('%s', async (_, { size, make }) => {
    await selectBackend({ prefer, threads: 1 });
    const encoder = make();
    const before = tf.memory().numTensors;
    const graph = await trace(([x]) => [encoder.apply(x as tf.Tensor4D, { training: false })], {
      inputs: [{ name: 'images', shape: ['batch', size, size, 3] }],
      outputs: ['features'],
    });
    expect(tf.memory().numTensors).toBe(before);
    const model = await open(writeGraphModel(graph, { description: 'a test', metadata: { task: 'none' } }));
    for (const batch of [1, 5]) {
      const x = uniform([batch, size, size, 3]) as tf.Tensor4D;
      const [expected, found] = [encoder.apply(x, { training: false }), model.predict(x) as tf.Tensor];
      expect(found.shape).toEqual(expected.shape);
      expect(difference(await found.data(), await expected.data())).toBeLessThan(1e-5);
      tf.dispose([x, expected, found]);
    }
    model.dispose();
    encoder.dispose();
  });

  it('a BERT, of any batch and length', async () => {
    await selectBackend({ prefer, threads: 1 });
    const encoder = bert({ vocabularySize: 20, maxPositions: 16, numLayers: 2, width: 8, numHeads: 2 })(rng);
    const apply = ([tokenIds, attentionMask, segmentIds]: readonly tf.Tensor[]) =>
      [encoder.encode({ tokenIds, attentionMask, segmentIds } as never, { training: false })] as const;
    const names = ['input_ids', 'attention_mask', 'token_type_ids'];
    const graph = await trace(apply, {
      inputs: names.map((name) => ({ name, shape: ['batch', 'length'], type: 'int32' as const })),
      outputs: ['last_hidden_state'],
      bounds: { length: 16 },
    });
    const model = await open(writeGraphModel(graph));
    for (const [batch, length] of [
      [1, 16],
      [4, 5],
    ] as const) {
      const given = [20, 2, 2].map((max, i) =>
        tf.tensor(Int32Array.from(drawUniform(rng.fold(`${i}`), batch * length, { min: 0, max })), [batch, length], 'int32'),
      );
      const [expected] = apply(given);
      const found = model.predict(Object.fromEntries(names.map((name, i) => [name, given[i]!]))) as tf.Tensor;
      expect(found.shape).toEqual([batch, length, 8]);
      expect(difference(await found.data(), await expected.data())).toBeLessThan(1e-5);
      tf.dispose([...given, expected, found]);
    }
    model.dispose();
    encoder.dispose();
  });
});

it('refuses what it does not know, and functions that change with their input', async () => {
  const inputs = [{ name: 'x', shape: ['batch', 4] }] as const;
  const refusal = (run: (x: tf.Tensor) => tf.Tensor) =>
    trace(([x]) => [run(x!)], { inputs, outputs: ['y'] }).then(
      (graph) => {
        try {
          writeGraphModel(graph);
          return 'nothing was thrown';
        } catch (error) {
          return (error as SelfsupError).message;
        }
      },
      (error: unknown) => (error as SelfsupError).message,
    );
  expect(await refusal((x) => tf.asinh(x))).toContain('writeGraphModel: the network uses Asinh, which cannot be written');
  expect(await refusal((x) => (x.shape[0] > 5 ? tf.relu(x) : tf.sigmoid(x)))).toContain('runs other kernels for other sizes');
  expect(await refusal((x) => tf.mul(x, x.shape[0] ** 2))).toContain('`b` is a constant that depends on the sizes of the inputs');
  expect(await refusal(() => tf.relu(tf.ones([2])))).toContain('the output y does not depend on the inputs');
});
