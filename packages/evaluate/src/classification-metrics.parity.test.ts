import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calibration, fitTemperature, softmaxRows } from './calibration.ts';
import { confusionMatrix } from './confusion-matrix.ts';

interface Case {
  logits: number[];
  labels: number[];
  predictions: number[];
  counts: number[][];
  precision: number[];
  recall: number[];
  f1: number[];
  support: number[];
  balancedAccuracy: number;
  macroF1: number;
  logLoss: number;
  bins: [confidence: number, accuracy: number, count: number][];
  error: number;
  temperature: number;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/classification-metrics.json', import.meta.url), 'utf8')) as {
  numClasses: number;
  cases: Case[];
};
const { numClasses } = fixture;

describe('metrics of a classifier against scikit-learn', () => {
  it.each(fixture.cases)('temperature $temperature', (expected) => {
    const { labels, predictions } = expected;
    const found = confusionMatrix({ labels, predictions, numClasses });
    expect(found.counts).toEqual(expected.counts);
    for (const [c, { precision, recall, f1, count }] of found.classes.entries()) {
      expect(precision).toBeCloseTo(expected.precision[c]!, 12);
      expect(recall).toBeCloseTo(expected.recall[c]!, 12);
      expect(f1).toBeCloseTo(expected.f1[c]!, 12);
      expect(count).toBe(expected.support[c]);
    }
    expect(found.balancedAccuracy).toBeCloseTo(expected.balancedAccuracy, 12);
    expect(found.macroF1).toBeCloseTo(expected.macroF1, 12);

    const logits = { data: Float32Array.from(expected.logits), shape: [labels.length, numClasses] as const };
    const { error, logLoss, bins, accuracy } = calibration({ probabilities: softmaxRows(logits), labels });
    expect(accuracy).toBeCloseTo(found.accuracy, 12);
    expect(logLoss).toBeCloseTo(expected.logLoss, 5);
    expect(error).toBeCloseTo(expected.error, 6);
    expect(bins).toHaveLength(expected.bins.length);
    for (const [i, bin] of bins.entries()) {
      expect(bin.confidence).toBeCloseTo(expected.bins[i]![0], 6);
      expect(bin.accuracy).toBeCloseTo(expected.bins[i]![1], 12);
      expect(bin.count).toBe(expected.bins[i]![2]);
    }
    expect(fitTemperature(logits, labels)).toBeCloseTo(expected.temperature, 5);
  });
});

describe('calibration', () => {
  it('gives the temperature at an end of its range where every prediction is right, or every one wrong', () => {
    const logits = { data: Float32Array.of(2, 0, 0, 1), shape: [2, 2] as const };
    expect(fitTemperature(logits, [0, 1])).toBe(0.05);
    expect(fitTemperature(logits, [1, 0])).toBe(20);
  });

  it('is less sure with smoothing: the mean confidence of predictions that are all right is what smoothing leaves', () => {
    const logits = { data: Float32Array.of(2, 0, 0, 2, 2, 0), shape: [3, 2] as const };
    const temperature = fitTemperature(logits, [0, 1, 0], { smoothing: 0.2 });
    expect(temperature).toBeCloseTo(2 / Math.log(0.8 / 0.2), 6);
    const probabilities = softmaxRows(logits, { temperature });
    expect(calibration({ probabilities, labels: [0, 1, 0] }).confidence).toBeCloseTo(0.8, 6);
  });

  it('is 0 of certainty that is right', () => {
    const probabilities = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] as const };
    expect(calibration({ probabilities, labels: [0, 1] })).toMatchObject({ error: 0, accuracy: 1, confidence: 1 });
    expect(calibration({ probabilities, labels: [1, 0] })).toMatchObject({ error: 1, accuracy: 0 });
  });

  it('refuses what does not fit', () => {
    const logits = { data: Float32Array.of(2, 0), shape: [1, 2] as const };
    expect(() => softmaxRows(logits, { temperature: 0 })).toThrow('softmaxRows: `temperature` must be a number > 0, got 0');
    expect(() => calibration({ probabilities: logits, labels: [0, 1] })).toThrow(
      'calibration: `labels` must have one label for each of 1 rows',
    );
    expect(() => calibration({ probabilities: logits, labels: [0], bins: 0 })).toThrow(
      'calibration: `bins` must be an integer >= 1, got 0',
    );
    expect(() => fitTemperature(logits, [1], { smoothing: 1 })).toThrow('fitTemperature: `smoothing` must be in [0, 1), got 1');
    expect(() => fitTemperature(logits, [2])).toThrow('fitTemperature: `labels` must be integers in [0, 2), got 2 at row 0');
    expect(() => confusionMatrix({ labels: [], predictions: [], numClasses: 2 })).toThrow('at least one example');
    expect(() => confusionMatrix({ labels: [0], predictions: [2], numClasses: 2 })).toThrow(
      'confusionMatrix: `predictions` must be integers in [0, 2)',
    );
  });
});
