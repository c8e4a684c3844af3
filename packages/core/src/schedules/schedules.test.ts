import { describe, expect, it } from 'vitest';
import { cosine } from './cosine.ts';
import { join } from './join.ts';
import { linearDecay } from './linear-decay.ts';
import { linearWarmup } from './linear-warmup.ts';
import { valueAt } from './schedule.ts';

const steps = (count: number) => Array.from({ length: count }, (_, step) => step);

describe('cosine', () => {
  it('has golden values: initial at 0, half way down at half time, final from `steps` on', () => {
    const schedule = cosine({ initial: 1, final: 0.2, steps: 4 });
    const expected = [1, 0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6, 0.2 + 0.4 * (1 - Math.SQRT1_2), 0.2, 0.2];
    expected.forEach((value, step) => {
      expect(schedule(step)).toBeCloseTo(value, 12);
    });
    expect(schedule(-1)).toBe(1);
  });

  it('is MoCo: per epoch lr · ½(1 + cos(π e/E)), not ending at 0 in the last epoch', () => {
    const schedule = cosine({ initial: 0.03, steps: 200 });
    expect(schedule(100)).toBeCloseTo(0.015, 12);
    expect(schedule(199)).toBeCloseTo(0.03 * 0.5 * (1 + Math.cos((Math.PI * 199) / 200)), 15);
    expect(schedule(199)).toBeGreaterThan(0);
  });

  it('is lightly with steps T - 1: the last update has the final value exactly', () => {
    const total = 50;
    const schedule = cosine({ initial: 1, final: 0.001, steps: total - 1 });
    expect(schedule(total - 1)).toBeCloseTo(0.001, 15);
    expect(schedule(total - 2)).toBeGreaterThan(0.001);
  });

  it('rises as a momentum schedule: BYOL 0.996 to 1', () => {
    const schedule = cosine({ initial: 0.996, final: 1, steps: 1000 });
    // 1 - (1 - 0.996)(cos(πk/K) + 1)/2
    for (const k of [0, 1, 250, 999]) expect(schedule(k)).toBeCloseTo(1 - (0.004 * (Math.cos((Math.PI * k) / 1000) + 1)) / 2, 14);
  });

  it.each([0, -1, 1.5, NaN])('refuses steps %d', (count) => {
    expect(() => cosine({ initial: 1, steps: count })).toThrow(`cosine: \`steps\` must be an integer >= 1, got ${count}`);
  });
});

describe('linearWarmup', () => {
  it('is SimCLR: step/W, the first rate is 0', () => {
    expect(steps(6).map(linearWarmup({ to: 1, steps: 4 }))).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  });

  it('is lightly and PyTorch with from to/W and steps W - 1: (step + 1)/W', () => {
    const schedule = linearWarmup({ from: 0.25, to: 1, steps: 3 });
    expect(steps(5).map(schedule)).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it('is solo-learn: 3e-5 at step 0, the full rate at step W - 1', () => {
    const schedule = linearWarmup({ from: 3e-5, to: 0.3, steps: 9 });
    expect(schedule(0)).toBe(3e-5);
    expect(schedule(1)).toBeCloseTo(3e-5 + (0.3 - 3e-5) / 9, 15);
    expect(schedule(9)).toBe(0.3);
  });

  it('is a constant with steps 0, and refuses other counts', () => {
    expect(steps(3).map(linearWarmup({ to: 0.1, steps: 0 }))).toEqual([0.1, 0.1, 0.1]);
    expect(() => linearWarmup({ to: 1, steps: -1 })).toThrow('linearWarmup: `steps` must be an integer >= 0, got -1');
  });
});

describe('linearDecay', () => {
  it('falls in a straight line and stays', () => {
    const schedule = linearDecay({ initial: 1, final: 0.2, steps: 4 });
    for (const [step, value] of [1, 0.8, 0.6, 0.4, 0.2, 0.2].entries()) expect(schedule(step)).toBeCloseTo(value, 14);
    expect(schedule(-3)).toBe(1);
  });

  it.each([
    [10, 100],
    [1, 7],
    [0, 5],
  ])('after a warm-up of %d steps in %d gives the rates of google-research/bert and of Hugging Face', (warm, total) => {
    const rate = 5e-5;
    const warmup = linearWarmup({ to: rate, steps: warm });
    const google = join([warmup, linearDecay({ initial: rate, steps: total })], { boundaries: [warm], relative: false });
    const huggingFace = join([warmup, linearDecay({ initial: rate, steps: total - warm })], { boundaries: [warm] });
    for (const step of steps(total + 3)) {
      // optimization.py: polynomial_decay(step, total, end 0, power 1), and init_lr * step / warm while step < warm
      const decayed = rate * (1 - Math.min(step, total) / total);
      expect(google(step)).toBeCloseTo(step < warm ? (rate * step) / warm : decayed, 18);
      // get_linear_schedule_with_warmup: step / max(1, warm), then max(0, (total - step) / max(1, total - warm))
      const factor = step < warm ? step / Math.max(1, warm) : Math.max(0, (total - step) / Math.max(1, total - warm));
      expect(huggingFace(step)).toBeCloseTo(rate * factor, 18);
    }
    if (warm > 0) expect(google(warm)).toBeLessThan(rate);
    expect(huggingFace(warm)).toBe(rate);
  });

  it.each([0, 1.5])('refuses steps %d', (count) => {
    expect(() => linearDecay({ initial: 1, steps: count })).toThrow(`linearDecay: \`steps\` must be an integer >= 1, got ${count}`);
  });
});

describe('join', () => {
  it('counts from the boundaries by default, as optax does', () => {
    const schedule = join([linearWarmup({ to: 1, steps: 2 }), cosine({ initial: 1, steps: 4 }), 7], { boundaries: [2, 5] });
    const wave = cosine({ initial: 1, steps: 4 });
    expect(steps(7).map(schedule)).toEqual([0, 0.5, wave(0), wave(1), wave(2), 7, 7]);
  });

  it('shows every schedule the step of the run with `relative: false`', () => {
    const identity = (step: number) => step;
    expect(steps(4).map(join([identity, identity], { boundaries: [2] }))).toEqual([0, 1, 0, 1]);
    expect(steps(4).map(join([identity, identity], { boundaries: [2], relative: false }))).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [256, 2, 39, 10],
    [256, 2, 5, 3],
    [128, 1, 7, 2],
  ])(
    'gives the rates of a plain PyTorch loop with warm-up, batch %d, %d warm-up epochs of %d steps, %d epochs',
    (batch, warm, perEpoch, epochs) => {
      const rate = (0.06 * batch) / 128;
      const [warmup, total] = [warm * perEpoch, perEpoch * epochs];
      const schedule = join([linearWarmup({ from: rate / warmup, to: rate, steps: warmup - 1 }), cosine({ initial: rate, steps: total })], {
        boundaries: [warmup],
        relative: false,
      });
      for (const it of steps(total)) {
        // lr · min(1, (it + 1)/W) during the warm-up, then lr · ½(1 + cos(π it/total)) with the step of the run
        const expected = it < warmup ? rate * Math.min(1, (it + 1) / warmup) : rate * 0.5 * (1 + Math.cos((Math.PI * it) / total));
        expect(Math.abs(schedule(it) / expected - 1)).toBeLessThan(1e-14);
      }
    },
  );

  it('refuses counts that do not fit and boundaries that do not increase', () => {
    expect(() => join([1, 2], { boundaries: [] })).toThrow('join: expected 1 `boundaries` for 2 schedules, got 0');
    expect(() => join([1, 2, 3], { boundaries: [5, 5] })).toThrow('join: `boundaries` must increase, got [5, 5]');
  });
});

it('valueAt reads constants and schedules', () => {
  expect([valueAt(3, 10), valueAt((step) => step * 2, 10)]).toEqual([3, 20]);
});
