import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { bert, saveWeights, toForeign, vit } from '@selfsup/encoders';
import { encodeSafetensors } from '@selfsup/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pretrain } from '../pretrain.ts';
import { parseRunFile } from '../run-file.ts';
import { memoryStore, readText } from '../run-store.ts';
import { loadEncoder } from './load-encoder-folder.ts';
import { openEncoder } from './open-encoder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selfsup-open-encoder-'));
});
afterAll(() => rm(folder, { recursive: true }));

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );
const options = { imageSize: 32, patchSize: 8, numLayers: 2, width: 64, numHeads: 2, positions: 'learned' as const };

/** A folder as timm's hub has it. */
async function timmFolder(name: string): Promise<string> {
  const encoder = vit(options)(createRng(3));
  const at = join(folder, name);
  await mkdir(at);
  await writeFile(
    join(at, 'model.safetensors'),
    encodeSafetensors({ metadata: {}, tensors: toForeign('vit', await saveWeights(encoder), options) }),
  );
  const pretrained = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4], input_size: [3, 32, 32] };
  await writeFile(
    join(at, 'config.json'),
    JSON.stringify({ architecture: 'vit_tiny', model_args: { num_heads: 2 }, pretrained_cfg: pretrained }),
  );
  encoder.dispose();
  return at;
}

describe('openEncoder', () => {
  it('takes a folder of timm with its normalization: features are those of the network, at another size, too', async () => {
    const at = await timmFolder('timm');
    const lines: string[] = [];
    const progress = {
      stage: () => ({ update: () => undefined, end: () => undefined }),
      line: (text: string) => void lines.push(text),
      warn: () => undefined,
    };
    const encoder = await loadEncoder(await openEncoder(at, { progress }));
    expect(lines.join()).toMatch(/timm: vit-tiny, vit \(sha256 [0-9a-f]{12}…\)/);
    expect([encoder.input, encoder.origin, encoder.run]).toEqual([
      { size: 32, channels: 3, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
      at,
      undefined,
    ]);
    const images = Uint8Array.from(drawUniform(createRng(5), 2 * 32 * 32 * 3, { min: 0, max: 255 }));
    const { data } = await encoder.embed({ images, shape: [2, 32, 32, 3] });
    const network = vit(options)(createRng(3));
    const expected = tf.tidy(() => {
      const pixels = tf.tensor4d(
        Float32Array.from(images, (value) => value / 255),
        [2, 32, 32, 3],
      );
      return network.apply(tf.div(tf.sub(pixels, [0.5, 0.4, 0.3]), [0.2, 0.3, 0.4]), { training: false }).dataSync();
    });
    expect(Math.max(...data.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    network.dispose();
    encoder.dispose();
    const small = await loadEncoder(await openEncoder(at, { imageSize: 16 }));
    expect(small.input['size']).toBe(16);
    expect((await small.embed({ images: images.subarray(0, 768), shape: [1, 16, 16, 3] })).shape).toEqual([1, 64]);
    small.dispose();
  });

  it('starts a run with it', async () => {
    const init = await openEncoder(join(folder, 'timm'), { imageSize: 16 });
    const store = memoryStore();
    const few = { limit: 8, testLimit: 4, epochs: 1, batchSize: 4, taskOptions: { headOutput: 4 }, probeEvery: 0, backend: 'cpu' } as const;
    for await (const event of pretrain({ init, data: 'shapes', ...few }, { store })) expect(event.type).not.toBe('stopped');
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json')).toMatchObject({
      input: { size: 16, mean: [0.5, 0.4, 0.3] },
      encoder: { name: 'vit-tiny', options: { width: 64, positions: 'learned' } },
      init: { origin: join(folder, 'timm') },
    });
  }, 30_000);

  it('takes a BERT with its vocabulary', async () => {
    const at = join(folder, 'bert');
    const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'call', 'me', 'ishmael', '.'];
    const sizes = { vocabularySize: words.length, maxPositions: 16, numSegments: 2, numLayers: 1, width: 8, numHeads: 2 };
    const network = bert(sizes)(createRng(4));
    const tensors = toForeign('huggingface-bert', await saveWeights(network), sizes);
    await mkdir(at);
    await writeFile(join(at, 'model.safetensors'), encodeSafetensors({ metadata: {}, tensors }));
    await writeFile(join(at, 'vocab.txt'), words.join('\n'));
    const config = {
      model_type: 'bert',
      vocab_size: words.length,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 32,
    };
    await writeFile(
      join(at, 'config.json'),
      JSON.stringify({ ...config, max_position_embeddings: 16, type_vocab_size: 2, hidden_act: 'gelu', layer_norm_eps: 1e-12 }),
    );
    const encoder = await loadEncoder(at);
    expect([encoder.modality.name, encoder.input['length']]).toEqual(['text', 16]);
    const { data } = await encoder.embed({ texts: ['Call me Ishmael.'] });
    const expected = tf.tidy(() => {
      const states = network.apply(tf.tensor2d([[2, 5, 6, 7, 8, 3]], [1, 6], 'int32'), { training: false });
      return tf.mean(states, 1).dataSync();
    });
    expect(Math.max(...data.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    network.dispose();
    encoder.dispose();
    await rm(join(at, 'vocab.txt'));
    expect(await failure(openEncoder(at))).toContain('has neither tokenizer.json nor vocab.txt');
  });

  it('says what is there and what is not', async () => {
    expect(await failure(openEncoder(join(folder, 'none'), { nameOf: '--init' }))).toMatch(
      /^SELFSUP_OPTION: --init: .*none is not there; give the folder of a run/,
    );
    await mkdir(join(folder, 'empty'));
    expect(await failure(openEncoder(join(folder, 'empty')))).toContain('holds no run (there is no run.json) and no weights');
    await writeFile(join(folder, 'cut.safetensors'), new Uint8Array(5));
    expect(await failure(openEncoder(join(folder, 'cut.safetensors')))).toMatch(/^SELFSUP_CHECKPOINT/);
  });
});
