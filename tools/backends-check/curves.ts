// Short trainings whose losses can be compared between backends: the same seed, the same images and tokens, whatever computes them. No Node in here: a page runs them, too.
import { maskPatches, maskTokens, simclrViews } from '@selfsup/augment';
import { createRng, drawUniform, type Batch, type AnyPretextTask } from '@selfsup/core';
import { bertTiny, convNet, maeDecoder, maskedLanguageHead, projectionHead, vit } from '@selfsup/encoders';
import { adamW, chain, clipByGlobalNorm, sgd, type GradientTransform } from '@selfsup/optim';
import { mae } from '@selfsup/pretext-tasks/mae';
import { maskedLanguage } from '@selfsup/pretext-tasks/masked-language';
import { moco } from '@selfsup/pretext-tasks/moco';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { createTrainer, type Trainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

/** How many steps each has, and after how many its checkpoint is taken. */
export const STEPS = 50;
export const CHECKPOINT = 25;

const [SIDE, IMAGES, LENGTH, ROWS, VOCABULARY] = [12, 8, 10, 6, 200];

interface Lesson {
  readonly task: () => AnyPretextTask;
  readonly optimizer: () => GradientTransform;
  readonly batchAt: (step: number) => Batch;
}

/** Images of waves, in [0, 1]: smooth, and no two alike. */
const imagesAt = (step: number): tf.Tensor4D => {
  const numbers = drawUniform(createRng(1).fold(step), IMAGES * 9);
  const values = Float32Array.from({ length: IMAGES * SIDE * SIDE * 3 }, (_, i) => {
    const [image, y, x, c] = [Math.floor(i / (SIDE * SIDE * 3)), Math.floor(i / (SIDE * 3)) % SIDE, Math.floor(i / 3) % SIDE, i % 3];
    const [a, b, phase] = numbers.subarray(image * 9 + c * 3);
    return 0.5 + 0.5 * Math.sin(a! * y + b! * x + 6 * phase!);
  });
  return tf.tensor4d(values, [IMAGES, SIDE, SIDE, 3]);
};

const augment = simclrViews({ preset: 'cifar', size: SIDE });
const viewsAt = (step: number) => tf.tidy(() => ({ views: augment(imagesAt(step), createRng(2).fold(step)) }));

/** Sentences in which each token tells the next. */
const tokensAt = (step: number) => {
  const first = drawUniform(createRng(3).fold(step), ROWS);
  const ids = Int32Array.from(
    { length: ROWS * LENGTH },
    (_, i) => 10 + ((Math.floor(first[Math.floor(i / LENGTH)]! * 100) + 3 * (i % LENGTH)) % (VOCABULARY - 10)),
  );
  return { tokenIds: tf.tensor2d(ids, [ROWS, LENGTH], 'int32') };
};

const imageNetworks = () => {
  const backbone = convNet({ channels: 3, widths: [8, 16] });
  return { backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 16, outputDim: 8 }) };
};

const lessons: Readonly<Record<string, Lesson>> = {
  'conv-net SimCLR': {
    task: () => simclr(imageNetworks()),
    optimizer: () => sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4 }),
    batchAt: viewsAt,
  },
  'conv-net MoCo': {
    task: () => moco({ ...imageNetworks(), outputDim: 8, queueSize: 40, shuffleGroups: 2, momentum: 0.99 }),
    optimizer: () => sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4 }),
    batchAt: viewsAt,
  },
  'vit MAE': {
    task() {
      const backbone = vit({ channels: 3, imageSize: SIDE, patchSize: 3, numLayers: 2, width: 24, numHeads: 2 });
      const decoder = maeDecoder({ inputDim: 24, gridSize: 4, patchSize: 3, width: 16, numLayers: 1, numHeads: 2 });
      return mae({ backbone, decoder, masking: maskPatches({ gridSize: 4 }) });
    },
    optimizer: () => adamW({ learningRate: 1e-3, weightDecay: 0.05 }),
    batchAt: (step) => ({ images: imagesAt(step) }),
  },
  'bert-tiny masked language': {
    task() {
      const backbone = bertTiny({ vocabularySize: VOCABULARY });
      const head = maskedLanguageHead({ width: backbone.outputDim, vocabularySize: VOCABULARY });
      const masking = maskTokens({ vocabularySize: VOCABULARY, maskId: 3, paddingId: 0, specialIds: [1, 2] });
      return maskedLanguage({ backbone, head, masking });
    },
    optimizer: () => chain(clipByGlobalNorm(1), adamW({ learningRate: 1e-3, weightDecay: 0.01 })),
    batchAt: tokensAt,
  },
};

/** The names of the trainings. */
export const curveNames = Object.keys(lessons);

const trainerFor = ({ task, optimizer }: Lesson): Trainer =>
  createTrainer({ task: task(), optimizer: optimizer(), totalSteps: STEPS, seed: 0 });

/** Trains up to a step; gives the losses. */
async function trainTo(trainer: Trainer, { batchAt }: Lesson, end: number): Promise<number[]> {
  const losses: number[] = [];
  while (trainer.step < end) {
    const batch = batchAt(trainer.step);
    losses.push((await trainer.trainStep(batch)).loss);
    tf.dispose({ ...batch } as tf.NamedTensorMap);
  }
  return losses;
}

/** What a training leaves. */
export interface Curve {
  readonly losses: readonly number[];
  /** After {@link CHECKPOINT} steps. */
  readonly checkpoint: Uint8Array;
}

/**
 * Trains on the current backend from the start.
 *
 * @param name one of {@link curveNames}
 * @returns see {@link Curve}
 */
export async function trainCurve(name: string): Promise<Curve> {
  const lesson = lessons[name]!;
  const trainer = trainerFor(lesson);
  try {
    const first = await trainTo(trainer, lesson, CHECKPOINT);
    const checkpoint = await trainer.save();
    return { losses: [...first, ...(await trainTo(trainer, lesson, STEPS))], checkpoint };
  } finally {
    trainer.dispose();
  }
}

/**
 * Continues on the current backend from a checkpoint of any other.
 *
 * @param name one of {@link curveNames}
 * @param checkpoint that of {@link Curve}
 * @returns the losses of the steps from {@link CHECKPOINT} on
 */
export async function continueCurve(name: string, checkpoint: Uint8Array): Promise<readonly number[]> {
  const lesson = lessons[name]!;
  const trainer = trainerFor(lesson);
  try {
    await trainer.restore(checkpoint);
    return await trainTo(trainer, lesson, STEPS);
  } finally {
    trainer.dispose();
  }
}
