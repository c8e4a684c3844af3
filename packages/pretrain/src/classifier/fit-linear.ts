import { crossValidatedLogits, fitLinearClassifier, type FeatureMatrix, type LinearClassifier } from '@selfsup/evaluate';
import { silentProgress } from '../progress.ts';
import { labelsAt, temperatureOf, type FoundHead } from './found-head.ts';
import type { TrainClassifierOptions } from './train-classifier-options.ts';

/** The head with weights as the file keeps them: float32. */
const asKept = ({ mean, deviation, kernel, bias }: LinearClassifier): LinearClassifier => ({
  mean: Float32Array.from(mean),
  deviation: Float32Array.from(deviation),
  kernel: Float32Array.from(kernel),
  bias: Float32Array.from(bias),
});

/** A linear classifier on features, calibrated by cross-validation. Internal. */
export async function fitLinear(
  features: FeatureMatrix,
  labels: Int32Array,
  { numClasses, options }: { numClasses: number; options: TrainClassifierOptions },
): Promise<FoundHead> {
  const { l2: asked = 'auto', maxIterations = 300, progress = silentProgress } = options;
  const stage = progress.stage('Fitting a linear classifier', { total: 2, unit: 'steps' });
  try {
    const fit = { features, labels, numClasses, maxIterations };
    const { classifier, l2, converged } = await fitLinearClassifier({ ...fit, l2: asked });
    stage.update(1);
    const { logits, indices: rows } = await crossValidatedLogits({ ...fit, l2 });
    stage.update(2);
    const unseen = rows.length > 0 ? { logits, rows, by: 'cross-validation' as const } : undefined;
    return {
      head: asKept(classifier),
      temperature: unseen ? temperatureOf(logits, labelsAt(labels, rows)) : 1,
      settings: { l2, converged },
      options: {},
      ...(unseen && { unseen }),
    };
  } finally {
    stage.end();
  }
}
