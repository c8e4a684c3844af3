import { csvCell } from '../csv-cell.ts';
import type { Predictions } from './classifier.ts';

/** How predictions are written. */
export type PredictionFormat = 'csv' | 'jsonl';

const rounded = (value: number): string => String(Number(value.toFixed(6)));

/** Options of {@link predictionHeader} and {@link predictionLines}. */
export interface PredictionTable {
  /** `csv`: a column for the name, `class`, `probability` of the most probable class, and `p_<class>` for each. `jsonl`: an object on each line. */
  readonly format: PredictionFormat;
  /** The classes of the classifier. */
  readonly classes: readonly string[];
  /** What a sample is called by, such as `file` or `text`. */
  readonly nameOf: string;
}

/**
 * The first line of a file of predictions.
 *
 * @param table see {@link PredictionTable}
 * @returns empty for `jsonl`
 */
export function predictionHeader({ format, classes, nameOf }: PredictionTable): string {
  return format === 'jsonl' ? '' : `${[nameOf, 'class', 'probability', ...classes.map((name) => csvCell(`p_${name}`))].join(',')}\n`;
}

/**
 * Lines of a file of predictions, one for each sample.
 *
 * @param predictions of a `Classifier`
 * @param names `[rows]`: the file or text of each
 * @param table see {@link PredictionTable}
 * @returns the lines, each with its end; `class` is empty where no class is as probable as the threshold
 */
export function predictionLines(predictions: Predictions, names: readonly string[], { format, classes, nameOf }: PredictionTable): string {
  const { probabilities, classes: given, labels } = predictions;
  return names
    .map((name, row) => {
      const of = Array.from(probabilities.data.subarray(row * classes.length, (row + 1) * classes.length), rounded);
      const probability = of[labels[row]!]!;
      if (format === 'csv') return `${[csvCell(name), csvCell(given[row]!), probability, ...of].join(',')}\n`;
      const entries = classes.map((each, i) => `${JSON.stringify(each)}:${of[i]!}`).join(',');
      return `{${JSON.stringify(nameOf)}:${JSON.stringify(name)},"class":${JSON.stringify(given[row])},"probability":${probability},"probabilities":{${entries}}}\n`;
    })
    .join('');
}
