import { createRng } from '@selfsup/core';
import { loadWeights, saveWeights } from '@selfsup/encoders';
import { chooseLearningRate, fineTune, labelSubset, selectExamples } from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule } from '../modality.ts';
import { silentProgress } from '../progress.ts';
import { temperatureOf, type FoundHead, type Labeled } from './found-head.ts';
import { fineTunedFeatures } from './load-classifier.ts';
import { mixingOf } from './mixing-of.ts';
import type { TrainClassifierOptions } from './train-classifier-options.ts';

/** The encoder trained with a classifier, calibrated by a training that leaves a fifth of the labels out. Internal. */
export async function fitFull(
  encoder: LoadedEncoder,
  labeled: Labeled,
  { numClasses, options }: { numClasses: number; options: TrainClassifierOptions },
): Promise<FoundHead & { readonly module: AnyModule }> {
  const { modality, input, files } = encoder;
  const { seed = 0, signal, options: own = {}, progress = silentProgress } = options;
  const { fineTuning } = modality;
  fineTunedFeatures(encoder, encoder.module, own); // refuses what cannot be fine-tuned, and options that are not there
  const { defaults } = fineTuning!;
  const { epochs = defaults.epochs, minSteps = defaults.minSteps, batchSize = defaults.batchSize } = options;
  const { learningRates = [defaults.learningRate] } = options;
  const read = { input, files, progress, stage: 'Reading labeled samples', indices: labeled.indices, signal };
  const examples = { ...(await fineTuning!.examples(labeled.samples, read)), numClasses };
  const weights = await saveWeights(encoder.module);
  const make = () => {
    const module = encoder.create(createRng(seed).fold('encoder'));
    try {
      loadWeights(module, weights);
      return { module, tuned: { ...fineTuning!.encoder(module, own), dispose: () => { module.dispose(); } } }; // prettier-ignore
    } catch (error) {
      module.dispose();
      throw error;
    }
  };
  const count = examples.labels.length;
  const held = count < 2 ? 0 : Math.min(count - 1, Math.max(1, Math.round(count / 5)));
  const stage = progress.stage('Fine-tuning', {
    total: (learningRates.length > 1 ? learningRates.length : 0) + (held > 0 ? 2 : 1),
    unit: 'trainings',
  });
  let done = 0;
  const { mixup, cutmix } = options;
  const mixing = mixingOf(modality, { mixup, cutmix });
  const training = { epochs, minSteps, batchSize, seed, ...mixing, ...(signal && { signal }) };
  try {
    const { learningRate } = await chooseLearningRate({
      ...training,
      train: examples,
      makeEncoder: () => make().tuned,
      learningRates,
      onTrial: () => {
        stage.update(++done);
      },
    });
    let temperature = 1;
    let unseen: FoundHead['unseen'];
    if (held > 0) {
      const rng = createRng(seed).fold('calibration');
      const rows = labelSubset(examples.labels, { count: held, rng, balance: 'proportional' }).sort();
      const chosen = new Set(rows);
      const rest = Int32Array.from({ length: count }, (_, i) => i).filter((i) => !chosen.has(i));
      const { tuned } = make();
      try {
        const judge = selectExamples(examples, rows);
        const { logits } = await fineTune({
          ...training,
          learningRate,
          encoder: tuned,
          train: selectExamples(examples, rest),
          test: judge,
        });
        temperature = temperatureOf(logits, judge.labels);
        unseen = { logits, rows, by: 'held-out part' };
      } finally {
        tuned.dispose();
      }
      stage.update(++done);
    }
    const { module, tuned } = make();
    try {
      const { head, steps } = await fineTune({
        ...training,
        learningRate,
        encoder: tuned,
        train: examples,
        test: selectExamples(examples, [0]),
      });
      stage.update(++done);
      const dim = head.kernel.length / numClasses;
      return {
        head: { ...head, mean: new Float32Array(dim), deviation: new Float32Array(dim).fill(1) },
        module,
        temperature,
        settings: {
          learningRate,
          epochs,
          steps,
          batchSize,
          ...(mixup !== undefined && { mixup }),
          ...(cutmix !== undefined && { cutmix }),
        },
        options: own,
        ...(unseen && { unseen }),
      };
    } catch (error) {
      module.dispose();
      throw error;
    }
  } finally {
    stage.end();
  }
}
