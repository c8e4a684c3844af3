import { expect, it } from 'vitest';
import { defaultEncoder } from './default-encoder.ts';
import type { Module } from './module.ts';

it('is the first of the encoders', () => {
  const [student, teacher] = [0, 1].map((): Module => ({ trainable: {}, buffers: {}, apply: (x) => x, dispose: () => undefined }));
  expect(defaultEncoder({ encoders: { student: student!, teacher: teacher! } })).toBe(student);
});
