import { abandonTape, createRng } from '@selfsup/core';
import { dinoHead, linear, prototypes, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { context, descend, start } from '../fixtures/tiny-networks.ts';
import { deepClusterV2, type DeepClusterV2Options } from './deep-cluster-v2.ts';
import { dinoV2, type DinoV2Options } from './dino-v2.ts';
import { ibot, type IbotOptions } from './ibot.ts';
import { msn, type MsnOptions } from './msn.ts';
import { pmsn } from './pmsn.ts';
import { sphericalKMeans } from './spherical-k-means.ts';

const size = { imageSize: 4, patchSize: 2, channels: 2, numLayers: 1, width: 4, numHeads: 1 };
const backbone = vit({ ...size, maskToken: true });
const projectionHead = dinoHead({ inputDim: 4, bottleneckDim: 4, outputDim: 5, numLayers: 1 });
const masking = ({ count }: { count: number }) => ({ masked: Int32Array.from({ length: 2 * count }, (_, i) => [1, 6][i % 2]!) });
const viewsOf = (count = 2, n = 3) => ({
  views: Array.from({ length: count }, (_, i) => tf.randomNormal<tf.Rank.R4>([n, 4, 4, 2], 0, 1, 'float32', i + 1)),
});

describe.each([
  ['ibot', (options: Partial<IbotOptions>) => ibot({ backbone, projectionHead, outputDim: 5, masking, ...options })],
  ['dino-v2', (options: Partial<DinoV2Options>) => dinoV2({ backbone, projectionHead, outputDim: 5, masking, ...options })],
] as const)('%s', (name, make) => {
  it.each<[string, Partial<IbotOptions>]>([
    ['`outputDim` must be an integer >= 1, got 0', { outputDim: 0 }],
    ['`teacherTemperature` must be finite and > 0, got 0', { teacherTemperature: 0 }],
    ['`patchWeight` must be finite and >= 0, got -1', { patchWeight: -1 }],
    ['`centerMomentum` must be in [0, 1], got 2', { centerMomentum: 2 }],
  ])('refuses an option: %s', (message, options) => {
    expect(() => make(options)).toThrow(`${name}: ${message}`);
  });

  it('refuses to freeze a last layer that there is not', () => {
    const task = make({ projectionHead: linear({ inputDim: 4, outputDim: 5 }), freezeLastLayerSteps: 1 });
    expect(() => task.create(start)).toThrow(`${name}: \`freezeLastLayerSteps\` must be 0 for a head without \`lastLayer\`, got 1`);
  });

  it.each<[string, Partial<IbotOptions>]>([
    ["`outputDim` must be 5, a head's columns, got 6", { outputDim: 6 }],
    [
      '`masking` must be one that draws patches of the 4 that the backbone sees in each of two crops of 3 images, got 3 patches, up to number 8',
      { masking: ({ count }) => ({ masked: new Int32Array(count).fill(8) }) },
    ],
    [
      '`backbone` must be one with a class token: 5 states of 4 patches, got 4',
      { backbone: vit({ ...size, maskToken: true, classToken: false }) },
    ],
  ])('refuses what does not fit: %s', (message, options) => {
    const run = make(options).create(start);
    tf.tidy(() => {
      expect(() => run.targets!(viewsOf(), context())).toThrow(`${name}: ${message}`);
    });
    run.dispose();
  });

  it('has a teacher of which nothing is dropped, and a student of which branches are', () => {
    const run = make({ backbone: vit({ ...size, maskToken: true, dropPathRate: 0.5 }) }).create(start);
    tf.tidy(() => {
      const of = (step: number, network: 'student' | 'teacher') => {
        const at = context({ step });
        const targets = run.targets!(viewsOf(), at);
        const logits = network === 'teacher' ? targets['teacherLogits'] : run.embed(viewsOf(), targets as never, at)['studentLogits'];
        return (logits as tf.Tensor[]).flatMap((each) => [...each.dataSync()]);
      };
      expect(of(1, 'teacher')).toEqual(of(0, 'teacher'));
      expect(of(1, 'student')).not.toEqual(of(0, 'student'));
      abandonTape();
    });
    run.dispose();
  });

  it('needs a mask token', () => {
    const run = make({ backbone: vit(size) }).create(start);
    tf.tidy(() => {
      expect(() => descend(run, viewsOf(), { context: context(), rate: 0.1 })).toThrow('`maskToken` must be true');
      abandonTape();
    });
    run.dispose();
  });

  it('shares its head unless there is one for patches, and moves the teacher towards the student', () => {
    const shared = make({}).create(start);
    expect(
      Object.keys(shared.trainable)
        .filter((path) => path.includes('Head'))
        .every((path) => path.startsWith('projectionHead/')),
    ).toBe(true);
    shared.dispose();
    const run = make({ patchHead: projectionHead, momentum: 0 }).create(start);
    expect(Object.keys(run.trainable)).toContain('patchHead/lastLayer/kernel');
    tf.tidy(() => {
      descend(run, viewsOf(), { context: context(), rate: 0.1 });
    });
    for (const [path, variable] of Object.entries(run.trainable))
      expect([...run.buffers[`teacher/${path}`]!.dataSync()], path).toEqual([...variable.dataSync()]);
    run.dispose();
  });
});

describe('msn and pmsn', () => {
  const options: MsnOptions = {
    backbone: vit(size),
    projectionHead: linear({ inputDim: 4, outputDim: 3 }),
    prototypes: prototypes({ inputDim: 3, numPrototypes: 4 }),
    masking: ({ count }) => ({
      keep: Int32Array.from({ length: 2 * count }, (_, i) => [0, 3][i % 2]!),
      restore: new Int32Array(4 * count),
      mask: new Float32Array(4 * count),
    }),
  };

  it('refuse options and networks that do not fit', () => {
    expect(() => msn({ ...options, temperature: 0 })).toThrow('msn: `temperature` must be finite and > 0, got 0');
    expect(() => pmsn({ ...options, powerLawExponent: -1 })).toThrow('pmsn: `powerLawExponent` must be finite and >= 0, got -1');
    for (const [message, other] of [
      [
        "msn: `prototypes` must be for 3 columns, the head's, got some for 2",
        { prototypes: prototypes({ inputDim: 2, numPrototypes: 4 }) },
      ],
      ['msn: `backbone` must be one with a class token: 5 states of 4 patches, got 4', { backbone: vit({ ...size, classToken: false }) }],
    ] as const) {
      const run = msn({ ...options, ...other }).create(start);
      tf.tidy(() => {
        expect(() => run.targets!(viewsOf(), context())).toThrow(message);
      });
      run.dispose();
    }
  });

  it('differ in the prior alone: with the exponent 0 they are one', () => {
    const losses = [msn(options), pmsn({ ...options, powerLawExponent: 0 }), pmsn(options)].map((task) => {
      const run = task.create(start);
      const { loss } = tf.tidy(() => descend(run, viewsOf(), { context: context(), rate: 0 }));
      run.dispose();
      return loss;
    });
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).not.toBe(losses[0]);
  });
});

describe('deep-cluster-v2', () => {
  const options: DeepClusterV2Options = {
    backbone: vit(size),
    projectionHead: linear({ inputDim: 4, outputDim: 3 }),
    projectionDim: 3,
    numSamples: 6,
    clusterEverySteps: 1,
    numPrototypes: [2],
  };

  it('refuses options and batches that do not fit', () => {
    expect(() => deepClusterV2({ ...options, numPrototypes: [7] })).toThrow(
      'deep-cluster-v2: `numPrototypes` must be a list of integers from 1 to numSamples 6, got [7]',
    );
    const run = deepClusterV2(options).create(start);
    tf.tidy(() => {
      const { views } = viewsOf();
      const targets = (indices: tf.Tensor) => run.targets!({ views, indices: indices as tf.Tensor1D }, context());
      expect(() => targets(undefined as unknown as tf.Tensor)).toThrow('the batch must have `indices`, a tensor, got undefined');
      expect(() => targets(tf.tensor1d([0, 1], 'int32'))).toThrow('`indices` must have shape [3], got [2]');
      expect(() => targets(tf.tensor1d([0, 1, 2]))).toThrow('`indices` must be int32, got float32');
    });
    run.dispose();
  });

  it('gives no label to images that it has not seen', () => {
    const run = deepClusterV2(options).create(start);
    tf.tidy(() => {
      descend(run, { ...viewsOf(), indices: tf.tensor1d([4, 0, 2], 'int32') }, { context: context(), rate: 0.1 });
    });
    const labels = [...run.buffers['assignments']!.dataSync()];
    expect(labels.map((label) => label >= 0)).toEqual([true, false, true, false, true, false]);
    run.dispose();
  });
});

describe('sphericalKMeans', () => {
  it('finds directions that are far apart, in blocks of rows too, and the number of each row', () => {
    tf.tidy(() => {
      const n = 4100; // more than a block
      const angles = Array.from({ length: n }, (_, i) => (i % 3) * 2.1 + 0.1 * Math.sin(i));
      const rows = tf.tensor2d(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]));
      const { centroids, assignments } = sphericalKMeans(rows, { numClusters: 3, iterations: 5, rng: createRng(1) });
      const numbers = [...assignments.dataSync()];
      expect(new Set(numbers.slice(0, 3)).size).toBe(3);
      expect(numbers.every((number, i) => number === numbers[i % 3])).toBe(true);
      const [x, y] = [...centroids.dataSync()].slice(2 * numbers[0]!, 2 * numbers[0]! + 2);
      expect(Math.abs(Math.atan2(y!, x!))).toBeLessThan(0.01);
    });
  });
});
