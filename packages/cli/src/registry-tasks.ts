import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory, PretextTask, Rng } from '@selfsup/core';
import type { ViewsTransform } from '@selfsup/augment';
import { projectionHead, type EncoderFactory } from '@selfsup/encoders';
import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
import { byol } from '@selfsup/pretext-tasks/byol';
import { dcl } from '@selfsup/pretext-tasks/dcl';
import { moco } from '@selfsup/pretext-tasks/moco';
import { mocoV3 } from '@selfsup/pretext-tasks/moco-v3';
import { simSiam } from '@selfsup/pretext-tasks/sim-siam';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { vicreg } from '@selfsup/pretext-tasks/vicreg';
import { createRegistry } from './registry.ts';

/** What a task of images is built from. */
export interface TaskContext {
  /** The encoder that is pretrained. */
  readonly backbone: EncoderFactory;
  /** What sits on top of it during pretraining. */
  readonly projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output. */
  readonly headOutput: number;
  /** The softmax scale. */
  readonly temperature: number;
  /** Images per update. */
  readonly batchSize: number;
}

/** A batch of views of the same images. */
export type ViewsBatch = Readonly<{ views: readonly tf.Tensor4D[] }>;

/** How the command line trains a task. */
export interface TaskEntry {
  /** Builds the task. */
  create(context: TaskContext): PretextTask<ViewsBatch>;
  /** The projection head unless a config has another; default Linear, ReLU, Linear as wide as the encoder. */
  projectionHead?(dims: { inputDim: number; outputDim: number }): ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The momentum of the target network, for tasks with a queue: how old keys may be. */
  targetMomentum?: number;
  /** Turns a batch of images in [0, 1] into what the task trains on; every tensor that it makes belongs to the batch or to the caller's tidy. */
  makeBatch(images: tf.Tensor4D, options: { views: ViewsTransform; rng: Rng }): ViewsBatch;
}

const makeBatch: TaskEntry['makeBatch'] = (images, { views, rng }) => ({ views: views(images, rng) });

type Head = NonNullable<TaskEntry['projectionHead']>;
/** BYOL's head, as wide as the encoder: batch normalisation where it is hidden. */
const normalisedHead: Head = ({ inputDim, outputDim }) => projectionHead({ inputDim, hiddenDim: inputDim, outputDim, batchNorm: true });
/** SimSiam's: three layers, the last one normalised without scale and offset. */
const simSiamHead: Head = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' });
/** Barlow Twins' and VICReg's: three layers, no bias at the end. */
const expander: Head = ({ inputDim, outputDim }) =>
  projectionHead({ inputDim, hiddenDim: inputDim, outputDim, numLayers: 3, batchNorm: true, biasLast: false });
/** What predicts one projection from another; its hidden layer is `share` of the projection. */
const predictor = (dim: number, share: number) =>
  projectionHead({ inputDim: dim, hiddenDim: Math.max(1, Math.round(dim * share)), outputDim: dim, batchNorm: true });

/** Keys in MoCo's queue and the weight of its target network's old weights: those of the authors' CIFAR-10 demo, small data sets being what is trained here. */
const SMALL_MOCO = { queueSize: 4096, momentum: 0.99 } as const;

/** The tasks of `--task`. A new one is an entry here. */
export const tasks = createRegistry<TaskEntry>('task', {
  simclr: {
    create: ({ backbone, projectionHead: head, temperature }) => simclr({ backbone, projectionHead: head, temperature }),
    makeBatch,
  },
  dcl: { create: ({ backbone, projectionHead: head, temperature }) => dcl({ backbone, projectionHead: head, temperature }), makeBatch },
  moco: {
    targetMomentum: SMALL_MOCO.momentum,
    create: ({ backbone, projectionHead: head, headOutput: outputDim, temperature, batchSize }) =>
      moco({
        ...{ backbone, projectionHead: head, outputDim, temperature, ...SMALL_MOCO },
        queueSize: Math.max(SMALL_MOCO.queueSize, batchSize),
        shuffleGroups: Math.max(1, Math.min(8, Math.floor(batchSize / 2))), // at least two images have statistics together
      }),
    makeBatch,
  },
  'moco-v3': {
    projectionHead: normalisedHead,
    create: ({ backbone, projectionHead: head, headOutput, temperature }) =>
      mocoV3({ backbone, projectionHead: head, predictionHead: predictor(headOutput, 1), temperature }),
    makeBatch,
  },
  byol: {
    projectionHead: normalisedHead,
    create: ({ backbone, projectionHead: head, headOutput }) =>
      byol({ backbone, projectionHead: head, predictionHead: predictor(headOutput, 2) }),
    makeBatch,
  },
  'sim-siam': {
    projectionHead: simSiamHead,
    create: ({ backbone, projectionHead: head, headOutput }) =>
      simSiam({ backbone, projectionHead: head, predictionHead: predictor(headOutput, 1 / 4) }),
    makeBatch,
  },
  'barlow-twins': {
    projectionHead: expander,
    create: ({ backbone, projectionHead: head }) => barlowTwins({ backbone, projectionHead: head }),
    makeBatch,
  },
  vicreg: {
    projectionHead: expander,
    create: ({ backbone, projectionHead: head }) => vicreg({ backbone, projectionHead: head }),
    makeBatch,
  },
});
