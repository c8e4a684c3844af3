import { createRng, drawNormal, drawUniform, type Rng } from '@selfsup/core';
import type { OpenedRecordings, Recording } from './recordings.ts';

/** Measurements per second. */
const RATE = 50;

/** What a movement does to an accelerometer on the hip. */
interface Activity {
  /** Cycles per second: the range over people. */
  readonly cycles: readonly [least: number, most: number];
  /** Per axis (forward, sideways, up): amplitude of each harmonic in g, from the base frequency on. */
  readonly harmonics: readonly [readonly number[], readonly number[], readonly number[]];
  /** Vibration in g beside the cycle. */
  readonly vibration: number;
}

/** Their frequencies overlap, and amplitudes vary more between people than between activities: the form of the cycle tells. */
const activities: Readonly<Record<string, Activity>> = {
  cycling: { cycles: [1, 1.7], harmonics: [[0.25, 0.03], [0.12], [0.25, 0.03]], vibration: 0.18 },
  rowing: { cycles: [0.45, 0.7], harmonics: [[0.5, 0.25, 0.15, 0.08], [0.03], [0.12, 0.1]], vibration: 0.06 },
  running: {
    cycles: [1.25, 1.6],
    harmonics: [
      [0.1, 0.45, 0.05, 0.2],
      [0.4, 0.1, 0.15],
      [0.05, 1, 0.05, 0.4, 0, 0.15],
    ],
    vibration: 0.15,
  },
  stairs: {
    cycles: [0.7, 1],
    harmonics: [
      [0.12, 0.15, 0.08, 0.12],
      [0.2, 0.06, 0.1],
      [0.1, 0.3, 0.2, 0.08, 0.15],
    ],
    vibration: 0.08,
  },
  standing: { cycles: [0.2, 0.5], harmonics: [[0.06, 0.02], [0.06, 0.02], [0.02]], vibration: 0.04 },
  walking: {
    cycles: [0.8, 1.1],
    harmonics: [
      [0.06, 0.22, 0.03, 0.1],
      [0.22, 0.05, 0.08],
      [0.03, 0.4, 0.03, 0.18, 0, 0.08],
    ],
    vibration: 0.07,
  },
};

/** Three vectors of length 1 at right angles: how a sensor sits, tilted by up to about 40 degrees. */
function orientation(rng: Rng): readonly (readonly [number, number, number])[] {
  const [yaw, pitch, roll] = drawUniform(rng, 3, { min: -0.7, max: 0.7 }) as unknown as [number, number, number];
  const [a, b, c] = [Math.cos(yaw), Math.cos(pitch), Math.cos(roll)];
  const [d, e, f] = [Math.sin(yaw), Math.sin(pitch), Math.sin(roll)];
  return [
    [a * b, a * e * f - d * c, a * e * c + d * f],
    [d * b, d * e * f + a * c, d * e * c - a * f],
    [-e, b * f, b * c],
  ];
}

/** One person doing one thing: `[steps, 3]` in g, with gravity, a tempo that wanders, drift and noise. */
function record({ cycles, harmonics, vibration }: Activity, { steps, rng }: { steps: number; rng: Rng }): Float32Array {
  const [tempo, start, wander] = drawUniform(rng.fold('person'), 3) as unknown as [number, number, number];
  const [strength] = drawNormal(rng.fold('strength'), 1, { standardDeviation: 0.35 }) as unknown as [number];
  const phases = drawUniform(rng.fold('phases'), 3 * 8, { max: 1 }); // a style of their own, small against the form of the activity
  const sizes = drawNormal(rng.fold('sizes'), 3 * 8, { standardDeviation: 0.2 }).map(Math.exp);
  const axes = orientation(rng.fold('orientation'));
  const noise = drawNormal(rng.fold('noise'), 3 * steps, { standardDeviation: 0.05 });
  const shaking = drawNormal(rng.fold('vibration'), 3 * steps, { standardDeviation: vibration });
  const drift = drawNormal(rng.fold('drift'), 3, { standardDeviation: 0.08 });
  const base = cycles[0] + tempo * (cycles[1] - cycles[0]);
  const values = new Float32Array(3 * steps);
  let phase = start;
  for (let t = 0; t < steps; t++) {
    phase += (base / RATE) * (1 + 0.08 * Math.sin((2 * Math.PI * t) / (RATE * (4 + 6 * wander))));
    const body = harmonics.map((amplitudes, axis) => {
      const wave = amplitudes.reduce((sum, amplitude, k) => {
        const style = 3 * k + axis;
        return sum + amplitude * sizes[style]! * Math.sin(2 * Math.PI * (k + 1) * phase + axis + phases[style]!);
      }, 0);
      return Math.exp(strength) * wave + shaking[3 * t + axis]! + (axis === 2 ? 1 : 0); // gravity
    });
    for (const [i, axis] of axes.entries())
      values[3 * t + i] = axis.reduce((sum, share, j) => sum + share * body[j]!, 0) + drift[i]! * (t / steps) + noise[3 * t + i]!;
  }
  return values;
}

/** Options of {@link makeRecordings}. */
export interface MakeRecordingsOptions {
  /** The same seed gives the same recordings. */
  readonly seed: number;
  /** Recordings of each activity, each of another person; default 20. */
  readonly perActivity?: number;
  /** Time steps of a recording, 50 per second; default 1024. */
  readonly steps?: number;
}

/**
 * Makes up recordings of an accelerometer on the hip during six activities.
 *
 * @param options see {@link MakeRecordingsOptions}
 * @returns recordings in g with the axes x, y and z; the start of the cycle, tempo, strength, style and the tilt of the sensor differ from one to the next
 */
export function makeRecordings(options: MakeRecordingsOptions): OpenedRecordings & { readonly recordings: readonly Recording[] } {
  const { seed, perActivity = 20, steps = 1024 } = options;
  const rng = createRng(seed).fold('recordings');
  const recordings = Object.entries(activities).flatMap(([label, activity]) =>
    Array.from({ length: perActivity }, (_, i) => ({
      id: `${label}/${String(i + 1).padStart(2, '0')}.csv`,
      label,
      values: record(activity, { steps, rng: rng.fold(label).fold(i) }),
    })),
  );
  return { name: 'activities', channelNames: ['x', 'y', 'z'], recordings };
}
