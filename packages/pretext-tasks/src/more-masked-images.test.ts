import { hogFeatures, jepaBlocks, maskPatches } from '@selfsup/augment';
import { createRng, createStepContext, drawNormal, patchify, type StepContextOptions } from '@selfsup/core';
import {
  convNet,
  crossPredictor,
  inpaintingDecoder,
  jepaPredictor,
  linear,
  patchDecoder,
  sequential,
  stateless,
  vit,
} from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { failure } from '../fixtures/tiny-text.ts';
import { aim } from './aim.ts';
import { beit, codebookTokenizer } from './beit.ts';
import { data2vec } from './data2vec.ts';
import { iJepa } from './i-jepa.ts';
import { inpainting } from './inpainting.ts';
import { capi } from './capi.ts';
import { maskFeat } from './maskfeat.ts';
import { vqTokenizer } from './vq-tokenizer.ts';

const size = { imageSize: 8, patchSize: 2, numLayers: 1, width: 8, numHeads: 2 };
const masking = maskPatches({ gridSize: 4, maskRatio: 0.5 });
const backbone = vit({ ...size, maskToken: true });
const bare = vit({ ...size, classToken: false });
const square = linear({ inputDim: 8, outputDim: 8 });
const predictor = jepaPredictor({ inputDim: 8, gridSize: 4, width: 4, numLayers: 1, numHeads: 1 });
const start = { rng: createRng(0), totalSteps: 10 };
const context = (overrides: Partial<StepContextOptions> = {}) => createStepContext({ ...start, step: 0, ...overrides });
const makeImages = (n: number, seed = 1) => tf.tensor4d(drawNormal(createRng(seed), n * 8 * 8 * 3), [n, 8, 8, 3]);
const number = (x: tf.Tensor) => x.dataSync()[0]!;
/** Images with other pixels where `mask` `[n, 16]` hides patches. */
const changedBehind = (images: tf.Tensor4D, mask: tf.Tensor2D) => {
  const noise = tf.mul(patchify(makeImages(images.shape[0], 9), { patchSize: 2 }), tf.expandDims(mask, 2));
  const patches = tf.add(patchify(images, { patchSize: 2 }), noise);
  const n = images.shape[0];
  return tf.reshape<tf.Rank.R4>(tf.transpose(tf.reshape(patches, [4 * n, 4, 2, 6]), [0, 2, 1, 3]), [n, 8, 8, 3]);
};

it('vq-tokenizer begins unused codes anew at patches of the update, and paints only what codes say', () => {
  const decoder = patchDecoder({ width: 8, gridSize: 4, outputDim: 12, numLayers: 1, numHeads: 2 });
  const run = vqTokenizer({ backbone: bare, decoder, width: 8, vocabularySize: 20 }).create(start);
  const { codebook } = run.buffers;
  tf.tidy(() => {
    const images = makeImages(2);
    const before = codebook!.arraySync() as number[][];
    const { keep, metrics } = run.loss({ images }, {}, context());
    const rows = tf.reshape(keep!.states, [-1, 8]).arraySync() as number[][];
    const apart = (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - b[i]!));
    const used = new Set(rows.map((row) => before.map((code, i) => [apart(row, code), i] as const).sort(([a], [b]) => a - b)[0]![1]));
    expect(number(metrics!['perplexity']!)).toBeLessThanOrEqual(used.size + 1e-3);
    run.afterStep!({ targets: {}, kept: keep! }, context());
    for (const [i, code] of (codebook!.arraySync() as number[][]).entries())
      if (!used.has(i)) expect(Math.min(...rows.map((row) => apart(row, code)))).toBeLessThan(1e-3);
    // another code for a patch changes what is painted, the state that it stands for does not
    const again = run.loss({ images }, {}, context());
    const doubled = number(again.metrics!['reconstructionLoss']!);
    codebook!.assign(tf.mul(codebook!, 1.0001));
    expect(number(run.loss({ images }, {}, context()).metrics!['reconstructionLoss']!)).not.toBe(doubled);
  });
  run.dispose();
});

it('capi predicts as many of the hidden patches as asked, and learns from what is shown alone', () => {
  const of = (predictedRatio?: number) =>
    capi({
      backbone: bare,
      predictor: crossPredictor({ inputDim: 8, gridSize: 4, width: 4, numLayers: 1, numHeads: 1 }),
      head: linear({ inputDim: 4, outputDim: 5, bias: false }),
      clustering: linear({ inputDim: 8, outputDim: 5 }),
      masking,
      ...(predictedRatio !== undefined && { predictedRatio }),
    }).create(start);
  const [run, few] = [of(), of(0.4)];
  tf.tidy(() => {
    const images = makeImages(3);
    const [all, some] = [run.targets!({ images }, context()), few.targets!({ images }, context())];
    expect([all.asked.shape, some.asked.shape]).toEqual([
      [3, 8],
      [3, 3],
    ]);
    const [keep, asked, fewer] = [all.keep.arraySync(), all.asked.arraySync(), some.asked.arraySync()];
    for (const i of [0, 1, 2]) {
      expect([...keep[i]!, ...asked[i]!].sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
      expect(new Set(fewer[i]).size).toBe(3);
      expect(fewer[i]!.every((patch) => asked[i]!.includes(patch))).toBe(true);
    }
    const mask = tf.sub<tf.Tensor2D>(1, tf.sum(tf.oneHot(all.keep, 16), 1));
    const logits = (seen: tf.Tensor4D) => run.embed({ images: seen }, all, context()).logits.arraySync();
    expect(logits(changedBehind(images, tf.cast(mask, 'float32')))).toEqual(logits(images));
    expect(logits(tf.neg(images))).not.toEqual(logits(images));
  });
  expect(failure(() => of(0))).toBe('SELFSUP_OPTION capi: `predictedRatio` must be in (0, 1], got 0');
  run.dispose();
  few.dispose();
});

it('capi without the balance takes what the clustering says, sharpened, as constants', () => {
  const run = capi({
    backbone: bare,
    predictor: crossPredictor({ inputDim: 8, gridSize: 4, width: 4, numLayers: 1, numHeads: 1 }),
    head: linear({ inputDim: 4, outputDim: 5, bias: false }),
    clustering: linear({ inputDim: 8, outputDim: 5 }),
    masking,
    iterations: 0,
  }).create(start);
  tf.tidy(() => {
    const images = makeImages(3);
    const targets = run.targets!({ images }, context());
    const { clusterLogits, logits } = run.embed({ images }, targets, context());
    const loss = (x: tf.Tensor) => run.loss({ clusterLogits: x as tf.Tensor3D, logits }, targets, context());
    const sharp = tf.softmax(tf.div(clusterLogits, 0.06));
    const expected = (x: tf.Tensor) => tf.neg(tf.mean(tf.sum(tf.mul(sharp, tf.logSoftmax(tf.div(x, 0.12))), -1)));
    expect(number(loss(clusterLogits).metrics!['clusteringLoss']!)).toBeCloseTo(number(expected(clusterLogits)), 5);
    const [found, wanted] = [tf.grad((x) => loss(x).loss)(clusterLogits), tf.grad(expected)(clusterLogits)];
    expect(number(tf.max(tf.abs(wanted)))).toBeGreaterThan(1e-4);
    expect(number(tf.max(tf.abs(tf.sub(found, wanted))))).toBeLessThan(1e-6);
  });
  run.dispose();
});

describe('what is hidden stays hidden', () => {
  const codebook = drawNormal(createRng(2), 5 * 12);
  const tokenizer = codebookTokenizer({ codebook, vocabularySize: 5 });
  const masked = {
    data2vec: data2vec({ backbone, head: square, masking, topBlocks: 1 }),
    maskfeat: maskFeat({ backbone, head: linear({ inputDim: 8, outputDim: 27 }), masking, features: hogFeatures({ cellSize: 2 }) }),
    beit: beit({ backbone, head: linear({ inputDim: 8, outputDim: 5 }), masking, tokenizer }),
  };
  it.each(Object.entries(masked))('from the backbone of %s', (_, given) => {
    const run = (given as typeof masked.beit).create(start);
    tf.tidy(() => {
      const images = makeImages(3);
      const targets = run.targets!({ images }, context());
      const changed = changedBehind(images, targets.mask);
      expect(number(tf.max(tf.abs(tf.sub(changed, images))))).toBeGreaterThan(1);
      const loss = (seen: tf.Tensor4D) => number(run.loss({ images: seen }, targets, context()).loss);
      expect(loss(changed)).toBe(loss(images));
      expect(loss(tf.neg(images))).not.toBe(loss(images));
    });
    run.dispose();
  });

  it('from the backbone of i-jepa: all but the context', () => {
    const run = iJepa({ backbone: bare, predictor, masking: jepaBlocks({ gridSize: 4 }) }).create(start);
    tf.tidy(() => {
      const images = makeImages(3);
      const targets = run.targets!({ images }, context());
      expect(targets.asked).toHaveLength(4);
      const seen = targets.context.arraySync();
      const each = seen.length / 3;
      const hidden = tf.tensor2d(
        Array.from({ length: 48 }, (_, i) =>
          seen.slice(Math.floor(i / 16) * each, (Math.floor(i / 16) + 1) * each).includes(i % 16) ? 0 : 1,
        ),
        [3, 16],
      );
      const loss = (given: tf.Tensor4D) => number(run.loss({ images: given }, targets, context()).loss);
      expect(loss(changedBehind(images, hidden))).toBe(loss(images));
      expect(loss(tf.neg(images))).not.toBe(loss(images));
      const rows = tf.moments(targets.states, 1);
      expect(number(tf.max(tf.abs(rows.mean)))).toBeLessThan(1e-5);
      expect(number(tf.max(tf.abs(tf.sub(rows.variance, 1))))).toBeLessThan(1e-2);
    });
    run.dispose();
  });

  it('from the backbone of aim: all patches after the prefix and the one before', () => {
    const run = aim({ backbone: bare, head: linear({ inputDim: 8, outputDim: 12 }) }).create(start);
    tf.tidy(() => {
      const images = makeImages(2);
      const drawn = run.targets!({ images }, context());
      // the last two patches cannot be told from each other's states: only the last prediction may change with them
      const last = { ...drawn, prefix: tf.tensor1d([14, 14], 'int32') };
      const behind = tf.tensor2d(
        Array.from({ length: 32 }, (_, i) => (i % 16 === 15 ? 1 : 0)),
        [2, 16],
      );
      const loss = (given: tf.Tensor4D) => number(run.loss({ images: given }, last, context()).loss);
      expect(loss(changedBehind(images, behind))).toBe(loss(images)); // the last patch is nobody's past
      const prefixes = run.targets!({ images: makeImages(400) }, context()).prefix.arraySync();
      expect([Math.min(...prefixes), Math.max(...prefixes)]).toEqual([1, 15]);
    });
    run.dispose();
  });

  it('from the backbone of inpainting: the region but its borders', () => {
    const decoder = inpaintingDecoder({ inputDim: 4, outputSize: 4, width: 4 });
    const run = inpainting({ backbone: convNet({ widths: [4] }), decoder, regionSize: [4, 4], overlap: 1 }).create(start);
    tf.tidy(() => {
      const images = makeImages(2);
      const { masked: seen, region } = run.targets!({ images }, context());
      const middle = (x: tf.Tensor4D, begin: number, side: number) => tf.slice(x, [0, begin, begin, 0], [2, side, side, 3]).arraySync();
      expect(
        middle(seen, 3, 2)
          .flat(3)
          .every((value) => value === 0),
      ).toBe(true);
      expect(number(tf.sum(tf.cast(tf.notEqual(seen, images), 'int32')))).toBe(24);
      expect(region.arraySync()).toEqual(middle(images, 2, 4));
    });
    run.dispose();
  });
});

it('data2vec averages what it is asked for, and its teacher follows', () => {
  const two = vit({ ...size, numLayers: 2, maskToken: true });
  const run = data2vec({ backbone: two, head: square, masking, topBlocks: 2, momentum: 0.5 }).create(start);
  tf.tidy(() => {
    const images = makeImages(2);
    const { states } = run.targets!({ images }, context());
    expect(states.shape).toEqual([2 * 16, 8]);
    const kernel = 'patch/kernel';
    const [own, teachers] = [run.trainable[`backbone/${kernel}`]!, run.buffers[`teacher/${kernel}`]!];
    expect(teachers.arraySync()).toEqual(own.arraySync());
    own.assign(tf.add(own, 1));
    const targets = run.targets!({ images }, context());
    expect(targets.states.arraySync()).toEqual(states.arraySync());
    const before = teachers.dataSync()[0]!;
    run.afterStep!({ targets, kept: {} }, context());
    expect(teachers.dataSync()[0]!).toBeCloseTo(before + 0.5, 5);
  });
  run.dispose();
});

it('codebookTokenizer takes the nearest row, the first of equals, whatever the size of a block', () => {
  tf.tidy(() => {
    const codebook = Float32Array.of(0, 1, 1, 5);
    const tokenizer = codebookTokenizer({ codebook, vocabularySize: 4 })();
    const tokens = tokenizer.tokenIds(tf.tensor4d([-3, 0.4, 0.6, 4, 1, 0.5], [1, 2, 3, 1]), 1);
    expect([tokens.dtype, ...tokens.dataSync()]).toEqual(['int32', 0, 0, 1, 3, 1, 0]);
    tokenizer.dispose();
    const large = codebookTokenizer({ codebook: drawNormal(createRng(1), 2 ** 19), vocabularySize: 2 ** 19 })();
    const values = drawNormal(createRng(2), 25);
    const all = large.tokenIds(tf.tensor4d(values, [1, 5, 5, 1]), 1).dataSync();
    const [one] = large.tokenIds(tf.tensor4d([values[24]!], [1, 1, 1, 1]), 1).dataSync();
    expect([all.length, all[24]]).toEqual([25, one]);
    large.dispose();
  });
});

it('says what is wrong', () => {
  const of = (task: unknown, images: tf.Tensor4D) => {
    const run = (task as ReturnType<typeof beit>).create(start);
    try {
      return failure(() => run.targets!({ images }, context()));
    } finally {
      run.dispose();
    }
  };
  tf.tidy(() => {
    const [images, larger] = [makeImages(2), tf.zeros<tf.Rank.R4>([1, 16, 16, 3])];
    const jepa = iJepa({
      backbone: bare,
      predictor,
      masking: () => ({ context: new Int32Array(3), targets: new Int32Array(8), numTargets: 2 }),
    });
    expect(of(jepa, images)).toContain(
      'SELFSUP_OPTION i-jepa: `masking` must be one that draws blocks of the 16 patches that the backbone sees',
    );
    expect(failure(() => iJepa({ backbone: bare, predictor, masking: jepaBlocks({ gridSize: 4 }), momentum: 2 }))).toContain('i-jepa: `momentum` must be in [0, 1], got 2'); // prettier-ignore
    expect(failure(() => data2vec({ backbone, head: square, masking, topBlocks: 0 }))).toContain('data2vec: `topBlocks` must be an integer >= 1, got 0'); // prettier-ignore
    expect(of(data2vec({ backbone, head: square, masking, topBlocks: 2 }), images)).toContain(
      'vit: `topBlocks` must be an integer in [1, 1]',
    );
    expect(of(data2vec({ backbone, head: square, masking, topBlocks: 1 }), larger)).toContain(
      'data2vec: `masking` must draw masks of the 64',
    );
    const feat = maskFeat({ backbone, head: square, masking, features: hogFeatures({ cellSize: 4 }) });
    expect(of(feat, images)).toContain('maskfeat: `features` must be of cells of which as many fit into each of 2 x 4 x 4 patches, got [2, 2, 2, 27]'); // prettier-ignore
    expect(failure(() => codebookTokenizer({ codebook: new Float32Array(4), vocabularySize: 1 }))).toContain('`vocabularySize` must be an integer >= 2, got 1'); // prettier-ignore
    expect(failure(() => codebookTokenizer({ codebook: new Float32Array(5), vocabularySize: 2 }))).toContain('`codebook` must have as many values for each of 2 tokens, got 5'); // prettier-ignore
    const tokenizer = codebookTokenizer({ codebook: new Float32Array(8), vocabularySize: 2 });
    expect(of(beit({ backbone, head: square, masking, tokenizer }), images)).toContain('codebookTokenizer: patches must have 4 values like the rows of `codebook`, got 12'); // prettier-ignore
    expect(failure(() => aim({ backbone, head: square }).create(start))).toContain('aim: the backbone must not have a class token');
    const whole = vit({ ...size, patchSize: 8, classToken: false });
    expect(of(aim({ backbone: whole, head: square }), images)).toContain('aim: `images` must have two patches of 8 pixels or more, got 1');
    const decoder = inpaintingDecoder({ inputDim: 4, outputSize: 4, width: 4 });
    const painting = { backbone: convNet({ widths: [4] }), decoder };
    expect(failure(() => inpainting({ ...painting, regionSize: [4, 4], overlap: 2 }))).toContain('inpainting: `overlap` must be less than half of the region of 4 x 4 pixels, got 2'); // prettier-ignore
    const ofMap = inpaintingDecoder({ inputDim: 4, mapSize: [3, 4], outputSize: 4, width: 4 });
    const fromMap = { decodes: 'map', decoder: ofMap, regionSize: [4, 4] } as const;
    const flat = sequential<tf.Tensor4D, tf.Tensor2D>({ mean: stateless((x: tf.Tensor4D) => tf.mean<tf.Tensor2D>(x, [1, 2])) });
    expect(failure(() => inpainting({ ...fromMap, backbone: flat }).create(start))).toContain("inpainting: `decodes` must be 'features' for a backbone without maps, got map"); // prettier-ignore
    const mapRun = inpainting({ ...fromMap, backbone: convNet({ widths: [4] }) }).create(start);
    const seen = mapRun.targets!({ images }, context());
    expect(failure(() => mapRun.loss({ images }, seen, context()))).toContain(
      'inpaintingDecoder: the map must have 3 x 4 places, got [2, 8, 8, 4]',
    );
    mapRun.dispose();
    expect(of(inpainting({ ...painting, regionSize: [8, 8] }), images)).toContain(
      'inpainting: `images` must be larger than the region of 8 x 8',
    );
    const run = inpainting({ ...painting, regionSize: [6, 6] }).create(start);
    const targets = run.targets!({ images }, context());
    expect(failure(() => run.loss({ images }, targets, context()))).toContain(
      'inpainting: `decoder` must paint the region [2, 6, 6, 3], got [2, 4, 4, 3]',
    );
    run.dispose();
  });
});
