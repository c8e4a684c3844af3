import { countOf } from '@selfsup/core';
import type { Section } from '../section.ts';
import { calibration, confusionMatrix } from '@selfsup/evaluate';
import type { AnyModality } from '../modality.ts';
import type { ClassifierDescription } from './classifier-description.ts';
import type { JudgedSamples, TrainedClassifier } from './train-classifier.ts';

/** Mistakes that are shown. */
const SHOWN = 24;
/** With more classes the matrix shows those that are mixed up most. */
const MOST_CLASSES = 30;

const percent = (value: number, digits = 1) => `${(100 * value).toFixed(digits)} %`;
const judges: Readonly<Record<string, (count: number, unit: string) => string>> = {
  test: (count, unit) => `Judged by ${countOf(count, unit)} that it has not learned from.`,
  'cross-validation': (count, unit) =>
    `Judged by its own ${countOf(count, `labeled ${unit}`)}: each was classified by a classifier of the other four fifths.`,
  'held-out part': (count, unit) =>
    `Judged by ${count.toLocaleString('en-US')} of its labeled ${unit}, with a network that had not seen any of them; the one that is kept has learned from all.`,
};

/** What was given to each of the judged, and how surely. */
function answersOf({ probabilities, labels }: JudgedSamples) {
  const numClasses = probabilities.shape[1];
  return Array.from(labels, (label, row) => {
    const of = probabilities.data.subarray(row * numClasses, (row + 1) * numClasses);
    const given = of.reduce((most, value, i) => (value > of[most]! ? i : most), 0);
    return { row, label, given, confidence: of[given]!, truth: of[label]! };
  });
}

type Answer = ReturnType<typeof answersOf>[number];

function matrixSection(answers: readonly Answer[], classes: readonly string[]): Section[] {
  const { counts, classes: scores } = confusionMatrix({
    labels: answers.map(({ label }) => label),
    predictions: answers.map(({ given }) => given),
    numClasses: classes.length,
  });
  const wrong = (c: number) => scores[c]!.count + scores[c]!.predicted - 2 * counts[c]![c]!;
  const order = [...classes.keys()];
  const shown = classes.length <= MOST_CLASSES ? order : order.sort((a, b) => wrong(b) - wrong(a)).slice(0, MOST_CLASSES).sort((a, b) => a - b); // prettier-ignore
  const pairs = counts
    .flatMap((row, truth) => row.map((count, given) => ({ count, truth, given })))
    .filter(({ count, truth, given }) => count > 0 && truth !== given)
    .sort((a, b) => b.count - a.count || a.truth - b.truth);
  const [most] = pairs;
  const left = shown.length < classes.length ? ` Of ${countOf(classes.length, 'classes')} the ${shown.length} that are mixed up most.` : '';
  return [
    {
      kind: 'matrix',
      title: 'Which class is taken for which',
      text: `${most ? `Most often ${classes[most.truth]!} was taken for ${classes[most.given]!}, ${countOf(most.count, 'times')} of ${scores[most.truth]!.count}.` : 'Nothing was taken for anything else.'}${left}`,
      rowName: 'true class',
      columnName: 'given class',
      names: shown.map((c) => classes[c]!),
      values: shown.map((truth) => shown.map((given) => counts[truth]![given]!)),
    },
    {
      kind: 'table',
      title: 'Each class',
      text: 'Precision: how many of those that were given the class have it. Recall: how many of those that have it were given it.',
      columns: ['class', 'precision', 'recall', 'F1', 'samples'],
      rows: scores.map(({ precision, recall, f1, count, predicted }, c) => [
        classes[c]!,
        predicted > 0 ? percent(precision, 0) : '–',
        count > 0 ? percent(recall, 0) : '–',
        count + predicted > 0 ? percent(f1, 0) : '–',
        count.toLocaleString('en-US'),
      ]),
    },
  ];
}

function calibrationSections({ probabilities, uncalibrated, labels }: JudgedSamples, temperature: number): Section[] {
  const [after, before] = [calibration({ probabilities, labels }), calibration({ probabilities: uncalibrated, labels })];
  const line = ({ bins }: typeof after) => bins.map(({ confidence, accuracy }) => [100 * confidence, 100 * accuracy] as const);
  return [
    {
      kind: 'charts',
      title: 'Can its probabilities be believed?',
      text: `Calibration error ${percent(after.error)}; ${percent(before.error)} before the logits were divided by the temperature ${Number(temperature.toPrecision(3))}. A calibrated classifier is right as often as it is sure: its points lie on the diagonal.`,
      charts: [
        {
          title: 'How often it is right',
          xName: 'confidence, in %',
          unit: '%',
          fromZero: true,
          series: [
            { name: 'calibrated', points: line(after) },
            { name: 'before', points: line(before) },
            { name: 'right as often as sure', style: 'level', points: [[0, 0], [100, 100]] }, // prettier-ignore
          ],
        },
      ],
    },
    {
      kind: 'table',
      title: 'By confidence',
      columns: ['confidence', 'right', 'samples'],
      rows: after.bins.map(({ confidence, accuracy, count }) => [
        percent(confidence, 0),
        percent(accuracy, 0),
        count.toLocaleString('en-US'),
      ]),
    },
  ];
}

/** The share of the surest predictions that a threshold leaves, and how many of them are right. */
function thresholdSection(answers: readonly Answer[]): Section {
  const rows = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95].flatMap((threshold) => {
    const kept = answers.filter(({ confidence }) => confidence >= threshold);
    const right = kept.filter(({ label, given }) => label === given).length;
    return kept.length === 0 ? [] : [[threshold.toFixed(2), percent(kept.length / answers.length, 0), percent(right / kept.length, 0)]];
  });
  return {
    kind: 'table',
    title: 'What a threshold would leave',
    columns: ['threshold', 'classified', 'of them right'],
    rows,
  };
}

/**
 * The report of a classifier: its figures, the confusion matrix, the scores of each class, the worst mistakes with pictures, and its calibration.
 *
 * @param trained from `trainClassifier`
 * @param modality shows the samples
 * @returns sections; `renderReport` of `@selfsup/report` draws them. One that says so where there was nothing to judge by
 */
export async function classifierSections(
  trained: Pick<TrainedClassifier, 'description' | 'judged'>,
  modality: Pick<AnyModality, 'show'>,
): Promise<Section[]> {
  const { description, judged } = trained;
  const { classes, trainedOn, temperature, judged: figures } = description;
  const about = { label: 'labels that it learned from', value: trainedOn.samples.toLocaleString('en-US') };
  if (!judged || !figures)
    return [
      { kind: 'numbers', numbers: [about] },
      {
        kind: 'notice',
        level: 'warning',
        title: 'Nobody knows how good it is',
        lines: ['There was nothing to judge it by: give at least two labels of each class, or samples to be judged by.'],
      },
    ];
  const answers = answersOf(judged);
  const wrong = answers.filter(({ label, given }) => label !== given).sort((a, b) => b.confidence - a.confidence || a.row - b.row);
  const shown = wrong.slice(0, SHOWN);
  const items = (await modality.show?.(judged.samples, shown.map(({ row }) => judged.indices[row]!))) ?? []; // prettier-ignore
  const { ids } = judged.samples;
  return [
    {
      kind: 'numbers',
      numbers: [
        { label: 'accuracy', value: percent(figures.accuracy), main: true },
        { label: 'mean recall of the classes', value: percent(figures.balancedAccuracy) },
        { label: 'calibration error', value: percent(figures.calibrationError) },
        about,
      ],
    },
    {
      kind: 'notice',
      level: 'info',
      lines: [judges[figures.by]!(figures.samples, trainedOn.unit)],
    },
    ...matrixSection(answers, classes),
    ...(items.length > 0
      ? [
          {
            kind: 'gallery' as const,
            title: 'The worst mistakes',
            text: `${wrong.length} of ${answers.length} ${wrong.length === 1 ? 'is' : 'are'} wrong; first those of which it was surest. A wrong label shows up here, too.`,
            grid: true as const,
            rows: [
              items.map((item, i) => {
                const { label, given, confidence, row } = shown[i]!;
                const name = ids?.[judged.indices[row]!]?.split(/[\\/]/).at(-1);
                return {
                  ...item,
                  caption: `${classes[given]!} ${percent(confidence, 0)}, is ${classes[label]!}${name ? ` · ${name}` : ''}`,
                };
              }),
            ],
          },
        ]
      : []),
    ...calibrationSections(judged, temperature),
    thresholdSection(answers),
  ];
}

/**
 * One line on a classifier, for the head of its report and for people.
 *
 * @param description what `classifier.json` says
 */
export function describeClassifier({ kind, classes, trainedOn, judged, encoder }: ClassifierDescription): string {
  const how = kind === 'linear-probe' ? 'linear classifier on the features of' : 'fine-tuned from';
  const by =
    judged &&
    `; ${percent(judged.accuracy)} right of ${judged.samples.toLocaleString('en-US')}, ${judged.by === 'test' ? 'not learned from' : `by ${judged.by}`}`;
  return `${countOf(classes.length, 'classes')}, ${how} ${encoder.name} (${encoder.origin}), ${countOf(trainedOn.samples, 'labels')} of ${trainedOn.data}${by ?? ''}`;
}
