import { createRng, drawNormal } from '@selfsup/core';
import { convNet } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { trace } from '../trace.ts';
import { modelProto } from './onnx-schema.ts';
import { asFloat16, fromFloat16, quantize, toFloat16 } from './quantize.ts';
import { OPSET, writeOnnx } from './write-onnx.ts';

interface Decoded {
  readonly irVersion: string;
  readonly opsetImport: readonly { readonly version: string }[];
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
  readonly graph: {
    readonly node: readonly { readonly opType: string; readonly input: readonly string[]; readonly output: readonly string[]; readonly attribute?: readonly { readonly s: Uint8Array }[] }[]; // prettier-ignore
    readonly input: readonly { readonly name: string; readonly type: { readonly tensorType: { readonly shape: { readonly dim: readonly object[] } } } }[]; // prettier-ignore
    readonly initializer: readonly { readonly dims: readonly string[]; readonly dataType: number; readonly rawData: Uint8Array }[];
  };
}

async function decoded(options: Parameters<typeof writeOnnx>[1] = {}) {
  const encoder = convNet({ widths: [8, 16] })(createRng(0));
  const graph = await trace(([x]) => [encoder.apply(x as tf.Tensor4D, { training: false })], {
    inputs: [{ name: 'images', shape: ['batch', 8, 8, 3] }],
    outputs: ['features'],
  });
  encoder.dispose();
  const model = modelProto.decode(writeOnnx(graph, options));
  return modelProto.toObject(model, { longs: String }) as unknown as Decoded;
}

describe('writeOnnx', () => {
  it('writes a model whose batch is open, with images as ONNX has them', async () => {
    const { irVersion, opsetImport, graph, metadataProps } = await decoded({ metadata: { task: 'simclr' } });
    expect([irVersion, opsetImport.map(({ version }) => version)]).toEqual(['8', [String(OPSET)]]);
    expect(graph.input.map(({ name, type }) => [name, type.tensorType.shape.dim])).toEqual([
      ['images', [{ dimParam: 'batch' }, { dimValue: '3' }, { dimValue: '8' }, { dimValue: '8' }]],
    ]);
    expect(metadataProps).toEqual([{ key: 'task', value: 'simclr' }]);
    // no image is turned into our order and back
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Conv', 'BatchNormalization', 'Relu', 'Conv', 'BatchNormalization', 'Relu', 'ReduceMean', 'Identity']); // prettier-ignore
    const known = new Set([
      'images',
      ...graph.initializer.map((_, i) => `constant_${i + 1}`),
      ...graph.node.flatMap(({ output }) => output),
    ]);
    for (const { input } of graph.node) for (const name of input) expect(known).toContain(name);
  });

  it('changes the size of images as the network does', async () => {
    const attributesOf = async (...places: [aligned: boolean, centers: boolean]) => {
      const graph = await trace(([x]) => [tf.image.resizeBilinear(x as tf.Tensor4D, [8, 3], ...places)], {
        inputs: [{ name: 'images', shape: ['batch', 5, 5, 3] }],
        outputs: ['resized'],
      });
      const { node } = (modelProto.toObject(modelProto.decode(writeOnnx(graph))) as Pick<Decoded, 'graph'>).graph;
      const { attribute = [], input } = node.find(({ opType }) => opType === 'Resize')!;
      expect(input.slice(0, 3)).toEqual(['images', '', '']); // the size is the fourth
      return attribute.map(({ s }) => new TextDecoder().decode(s));
    };
    expect(await attributesOf(false, true)).toEqual(['linear', 'half_pixel']);
    expect(await attributesOf(true, false)).toEqual(['linear', 'align_corners']);
    expect(await attributesOf(false, false)).toEqual(['linear', 'asymmetric']);
  });

  it('keeps weights in 16 or 8 bits where it is told', async () => {
    const types = async (precision: 'fp32' | 'fp16' | 'int8') => {
      const { initializer } = (await decoded({ precision })).graph;
      const size = initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
      return { types: [...new Set(initializer.map(({ dataType }) => dataType))].sort((a, b) => a - b), size };
    };
    const [full, half, eighth] = [await types('fp32'), await types('fp16'), await types('int8')];
    expect([full.types, half.types, eighth.types]).toEqual([[1], [10], [1, 3]]);
    expect(half.size).toBe(full.size / 2);
    expect(eighth.size).toBeLessThan(0.5 * full.size); // one of the two kernels is large enough to be rounded
  });
});

describe('numbers of fewer bits', () => {
  it('float16 is the nearest one, ties to even', () => {
    // the first are of the standard: 1, −2, the greatest, the smallest normal, the smallest at all
    expect([1, -2, 65504, 2 ** -14, 2 ** -24, 0, -0].map(toFloat16)).toEqual([0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0, 0x8000]);
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1e9, -Infinity, 2 ** -26].map(toFloat16)).toEqual([0x3c00, 0x3c02, 0x7bff, 0xfbff, 0]);
    const values = drawNormal(createRng(1), 1000);
    const back = Array.from(asFloat16(values), fromFloat16);
    expect(Math.max(...back.map((value, i) => Math.abs(value - values[i]!) / Math.abs(values[i]!)))).toBeLessThan(2 ** -11 * 1.0001);
  });

  it('integers of 8 bits are off by half a step at most', () => {
    const data = drawNormal(createRng(2), 60);
    const { values, scales } = quantize(data, [4, 3, 5], 1);
    expect(scales).toHaveLength(3);
    data.forEach((value, i) => {
      const scale = scales[Math.floor(i / 5) % 3]!;
      expect(Math.abs(value - values[i]! * scale)).toBeLessThanOrEqual(0.5001 * scale);
    });
    expect(quantize(new Float32Array(6), [2, 3], 0)).toEqual({ values: new Int8Array(6), scales: Float32Array.of(1, 1) });
  });
});
