import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { dinoLoss } from './dino-loss.ts';

interface Fixture {
  meta: { torch: string };
  cases: {
    shape: [number, number];
    student: number[][];
    teacher: number[][];
    center: number[] | null;
    studentTemperature: number;
    teacherTemperature: number;
    value: number;
    gradients: (number[] | null)[]; // null: of the only teacher view's own crop
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/dino-loss.json', import.meta.url), 'utf8')) as Fixture;
const named = fixture.cases.map(
  (example) => [`${example.student.length} student and ${example.teacher.length} teacher views`, example] as const,
);

it.each(named)(`equals PyTorch ${fixture.meta.torch}, gradients included: %s`, (_, example) => {
  const { shape, center, value, gradients, studentTemperature, teacherTemperature } = example;
  tf.tidy(() => {
    const rows = (views: number[][]) => views.map((values) => tf.tensor2d(values, shape));
    const [student, teacher] = [rows(example.student), rows(example.teacher)];
    const options = { studentTemperature, teacherTemperature, ...(center && { center: tf.tensor1d(center) }) };
    const differentiated = student.flatMap((__, i) => (gradients[i] ? [i] : []));
    const actual = tf.valueAndGrads((...views: tf.Tensor[]) =>
      dinoLoss(
        student.map((logits, i) => (views[differentiated.indexOf(i)] as tf.Tensor2D | undefined) ?? logits),
        teacher,
        options,
      ),
    )(differentiated.map((i) => student[i]!));
    expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
    differentiated.forEach((view, i) => {
      const expected = gradients[view]!;
      const largest = Math.max(...expected.map(Math.abs));
      expect(largest).toBeGreaterThan(1e-3);
      actual.grads[i]!.dataSync().forEach((v, j) => {
        expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(2e-5);
      });
    });
  });
});
