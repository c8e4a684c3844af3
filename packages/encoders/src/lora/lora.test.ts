import { createRng, drawNormal, isSelfsupError, type Module } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bert } from '../bert.ts';
import { convNet } from '../conv-net.ts';
import { loadWeights } from '../load-weights.ts';
import { saveWeights } from '../save-weights.ts';
import { vit } from '../vit.ts';
import { lora, loraAdapters, mergeLora, type LoraOptions } from './lora.ts';

const images = () => tf.tensor4d(drawNormal(createRng(1), 2 * 64 * 3), [2, 8, 8, 3]);
const tokens = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], 'int32');
const small = { numLayers: 2, width: 8, numHeads: 2 };
const vitOf = (options?: LoraOptions) => lora(vit({ ...small, imageSize: 8, patchSize: 4 }), options)(createRng(0));
const bertOf = (options?: LoraOptions) => lora(bert({ ...small, vocabularySize: 10, maxPositions: 4 }), options)(createRng(0));

/** Moves the adapters away from their start. */
const teach = (module: Pick<Module, 'trainable'>) => {
  for (const [i, variable] of Object.values(loraAdapters(module).trainable).entries())
    tf.tidy(() => {
      variable.assign(tf.tensor(drawNormal(createRng(2).fold(i), variable.size, { standardDeviation: 0.3 }), variable.shape));
    });
};
const adapterPaths = (module: Pick<Module, 'trainable'>) =>
  Object.keys(module.trainable).filter((path) => path.endsWith('/lora/a')).map((path) => path.replace('/lora/a', '')); // prettier-ignore
const apart = (one: ArrayLike<number>, other: ArrayLike<number>) => Math.max(...Array.from(one, (value, i) => Math.abs(value - other[i]!)));

describe('lora', () => {
  it('changes nothing before it has learned, and gives plain weights that say the same afterwards', () => {
    const [plain, adapted] = [vit({ ...small, imageSize: 8, patchSize: 4 })(createRng(0)), vitOf({ rank: 2, alpha: 4, targets: 'all' })];
    const features = (module: Pick<typeof plain, 'apply'>) => tf.tidy(() => module.apply(images(), { training: false }).dataSync());
    expect(features(adapted)).toEqual(features(plain));
    teach(adapted);
    const taught = features(adapted);
    expect(apart(taught, features(plain))).toBeGreaterThan(1e-2);
    const maps = tf.tidy(() => adapted.maps(images(), { training: false, layers: ['block2'] })['block2']!.dataSync());
    const merged = mergeLora(adapted);
    expect(Object.keys(merged.trainable)).toEqual(Object.keys(plain.trainable));
    expect(Object.values(merged.trainable).every(({ trainable }) => trainable)).toBe(true);
    expect(apart(features(merged), taught)).toBeLessThan(1e-5);
    expect(
      apart(
        tf.tidy(() => merged.maps(images(), { training: false, layers: ['block2'] })['block2']!.dataSync()),
        maps,
      ),
    ).toBeLessThan(1e-5);
    for (const module of [plain, merged]) module.dispose();
  });

  it('does so for BERT, which takes masks', () => {
    const adapted = bertOf({ targets: 'attention' });
    teach(adapted);
    const states = (module: typeof adapted) =>
      tf.tidy(() => {
        const attentionMask = tf.tensor2d([1, 1, 0, 1, 1, 1], [2, 3], 'int32');
        return module.encode({ tokenIds: tokens(), attentionMask }, { training: false }).dataSync();
      });
    const before = states(adapted);
    const merged = mergeLora(adapted);
    expect(apart(states(merged), before)).toBeLessThan(1e-5);
    merged.dispose();
  });

  it.each([
    ['query-value', 2, 2],
    ['attention', 4, 4],
    ['all', 6, 6],
  ] as const)('adapts %s', (targets, ofVit, ofBert) => {
    const [one, other] = [vitOf({ targets }), bertOf({ targets })];
    expect(adapterPaths(one)).toHaveLength(2 * ofVit);
    expect(adapterPaths(other)).toHaveLength(2 * ofBert);
    expect(adapterPaths(one)).toContain('block2/attention/value');
    expect(adapterPaths(other)).toContain('encoder/layer1/attention/query');
    for (const module of [one, other]) module.dispose();
  });

  it('lets nothing else learn, or biases and norms', () => {
    const learning = (module: Pick<Module, 'trainable'>) =>
      Object.entries(module.trainable).flatMap(([path, { trainable }]) => (trainable && !path.includes('/lora/') ? [path] : []));
    const [still, norms] = [vitOf(), vitOf({ norms: true })];
    expect(learning(still)).toEqual([]);
    expect(learning(norms)).toContain('block1/norm1/scale');
    expect(learning(norms)).toContain('patch/bias');
    expect(learning(norms).every((path) => norms.trainable[path]!.rank === 1)).toBe(true);
    for (const module of [still, norms]) module.dispose();
  });

  it('saves and loads its adapters alone', async () => {
    const [one, other] = [vitOf(), vitOf()];
    teach(one);
    loadWeights(loraAdapters(other), await saveWeights(loraAdapters(one)));
    const features = (module: typeof one) => tf.tidy(() => module.apply(images(), { training: false }).dataSync());
    expect(features(other)).toEqual(features(one));
    for (const module of [one, other]) module.dispose();
  });

  it('says what does not fit', () => {
    const message = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error);
      }
      return 'nothing was thrown';
    };
    expect(message(() => lora(convNet())(createRng(0)))).toContain(
      "SELFSUP_OPTION: lora: `targets` must name linear layers of the encoder, got 'query-value'",
    );
    expect(message(() => lora(convNet(), { rank: 0 }))).toContain('`rank`');
    expect(message(() => lora(convNet(), { alpha: 0 }))).toContain('`alpha` must be a finite number > 0, got 0');
    expect(message(() => lora(convNet(), { targets: 'mlp' as 'all' }))).toContain(
      '`targets` must be query-value, attention, all or a function, got mlp',
    );
    const plain = convNet()(createRng(0));
    expect(message(() => mergeLora(plain))).toContain('mergeLora: `module` must have been made by a factory of lora');
    plain.dispose();
  });
});
