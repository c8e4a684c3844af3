import { createRng, drawPermutation, drawUniform } from '@selfsup/core';
import { bertMini } from '@selfsup/encoders';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { maskedLanguageTask } from '../../packages/pretrain/fixtures/masked-language-task.ts';
import type { MakeStepCase } from './step-case.ts';
import { timeStep } from './time-step.ts';

const LENGTH = 128;

/** The step with logits at a share of the positions. */
const predicting =
  (name: string, share: number): MakeStepCase =>
  (batch, options) => {
    const encoder = bertMini({ numSegments: 1, dropoutRate: 0, attentionDropoutRate: 0 });
    const trainer = createTrainer({
      task: maskedLanguageTask(encoder),
      optimizer: adamW({ learningRate: 1e-4, weightDecay: 0.01 }),
      totalSteps: 1000,
      seed: 0,
      ...options,
    });
    const tokens = batch * LENGTH;
    const makeBatch = () => {
      const rng = createRng(0).fold('tokens').fold(trainer.step);
      const ids = Int32Array.from(drawUniform(rng.fold('ids'), tokens, { max: encoder.vocabularySize }), Math.floor);
      const positions = drawPermutation(rng.fold('positions'), tokens).slice(0, Math.floor(share * tokens));
      return {
        tokenIds: tf.tensor2d(ids, [batch, LENGTH], 'int32'),
        positions: tf.tensor1d(positions, 'int32'),
        labels: tf.tensor1d(
          positions.map((at) => ids[at]!),
          'int32',
        ),
      };
    };
    return {
      name,
      description: `BERT 4×256 with masked-language head, batch ${batch}×${LENGTH} tokens, ${Math.floor(share * tokens)} predicted, AdamW`,
      unit: 'tokens',
      perStep: tokens,
      peer: (steps, threads) => ({
        file: 'torch_mlm.py',
        args: [`${threads}`, `${batch}`, `${LENGTH}`, '4', '256', share < 1 ? 'masked' : 'all', `${steps}`],
      }),
      run: () => timeStep(trainer, makeBatch()),
      dispose: () => {
        trainer.dispose();
      },
    };
  };

/** Masked language modeling of 4 blocks of width 256 on random tokens, logits at the masked positions, AdamW: the work of torch_mlm.py. */
export const mlmStep = predicting('mlm', 0.15);

/** The same with logits at every position, which a head that does not choose computes: what the choice saves. */
export const mlmEverywhereStep = predicting('mlm-everywhere', 1);
