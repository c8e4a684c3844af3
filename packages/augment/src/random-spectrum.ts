import { drawUniform, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { changeChosen } from './change-groups.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkRange, checkWhole } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { filterFrequencies } from './filter-frequencies.ts';
import { checkInterval } from './random-affine.ts';

/** Options of {@link randomSpectrum}: four changes, each with its own probability. */
export interface RandomSpectrumOptions {
  /** Multiplies each frequency's amplitude by a number of its own, uniform in `range`; default 0.2 and [0.8, 1.75]. */
  amplitude?: { readonly probability?: number; readonly range?: readonly [number, number] };
  /** Adds one angle to all phases, radians, uniform in `range`; default 0.2 and [0.4, 0.7]. */
  phase?: { readonly probability?: number; readonly range?: readonly [number, number] };
  /** Leaves out frequencies, a share of them that is uniform in `range`, never the mean; default 0.5 and [0.01, 0.1]. */
  mask?: { readonly probability?: number; readonly range?: readonly [number, number] };
  /** Damps the frequencies about some random ones, by Gaussians with a standard deviation uniform in `sigma`, in frequencies; default 0.2, 20 and [10, 15]. */
  gaussians?: { readonly probability?: number; readonly count?: number; readonly sigma?: readonly [number, number] };
}

type Size = Record<'height' | 'kept', number>;

/** Multiplies one image's gains by 1 − g for each Gaussian g. */
function dampen(
  gains: Float32Array,
  rng: Rng,
  { height, kept, count, sigma }: Size & { count: number; sigma: readonly [number, number] },
): void {
  const places = drawUniform(rng.fold('place'), 2 * count);
  const widths = drawUniform(rng.fold('width'), 2 * count, { min: sigma[0], max: sigma[1] });
  for (let k = 0; k < count; k++) {
    const [u0, v0] = [Math.floor(places[2 * k]! * height), Math.floor(places[2 * k + 1]! * kept)];
    const [su, sv] = [widths[2 * k]!, widths[2 * k + 1]!];
    for (let at = 0, u = 0; u < height; u++)
      for (let v = 0; v < kept; v++, at++) gains[at]! *= 1 - Math.exp(-((u - u0) ** 2) / (2 * su ** 2) - (v - v0) ** 2 / (2 * sv ** 2));
  }
}

/**
 * Changes images by their Fourier transform: amplitudes, phases, frequencies left out or damped.
 *
 * @param options see {@link RandomSpectrumOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1], cut off there
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` on images that are not rank 4 and `SELFSUP_DTYPE` on
 * images that are not float32
 * @see Xu et al.: "Disentangling the Effects of Data Augmentation and Format Transform in Self-Supervised Learning of Image Representations",
 * https://arxiv.org/abs/2312.02205
 * @remarks The defaults are lightly's for images of 224 pixels. All four are factors of the spectrum, so that their order does not matter and one transform does for all.
 * Lightly converts the result to bytes without cutting it off, so that what is above 1 wraps around to black.
 * @example
 * ```ts
 * import { randomSpectrum } from '@selfsup/augment';
 * const augment = randomSpectrum({ gaussians: { probability: 0 } });
 * ```
 */
export function randomSpectrum(options: RandomSpectrumOptions = {}): Augmentation {
  const amplitude = { probability: 0.2, range: [0.8, 1.75] as const, ...options.amplitude };
  const phase = { probability: 0.2, range: [0.4, 0.7] as const, ...options.phase };
  const mask = { probability: 0.5, range: [0.01, 0.1] as const, ...options.mask };
  const gaussians = { probability: 0.2, count: 20, sigma: [10, 15] as const, ...options.gaussians };
  for (const [name, { probability }] of Object.entries({ amplitude, phase, mask, gaussians }))
    checkProbability('randomSpectrum', `${name}.probability`, probability);
  checkInterval('randomSpectrum', 'amplitude.range', amplitude.range);
  checkInterval('randomSpectrum', 'phase.range', phase.range);
  for (const share of mask.range) checkProbability('randomSpectrum', 'mask.range', share);
  checkInterval('randomSpectrum', 'mask.range', mask.range);
  checkWhole('randomSpectrum', 'gaussians.count', { value: gaussians.count, least: 0 });
  checkRange('randomSpectrum', 'gaussians.sigma', { range: gaussians.sigma });
  return (images, rng) => {
    checkImages('randomSpectrum', images);
    const [n, height, width] = images.shape;
    const kept = Math.floor(width / 2) + 1;
    const size = height * kept;
    const draw = (name: string, [min, max]: readonly [number, number]) => drawUniform(rng.fold(name), n, { min, max });
    const chosen = (name: string, probability: number) => drawChosen(rng.fold(name).fold('chosen'), n, probability);
    const [scaled, shifted] = [chosen('amplitude', amplitude.probability), chosen('phase', phase.probability)];
    const [masked, damped] = [chosen('mask', mask.probability), chosen('gaussians', gaussians.probability)];
    const [angles, shares] = [draw('phase', phase.range), draw('mask', mask.range)];
    const any = scaled.map((one, i) => one || shifted[i]! || masked[i]! || damped[i]!);
    return changeChosen(images, any, (some, rows) => {
      const gains = new Float32Array(rows.length * size).fill(1);
      rows.forEach((row, place) => {
        const own = gains.subarray(place * size, (place + 1) * size);
        if (scaled[row])
          own.set(drawUniform(rng.fold('amplitude').row(row, n), size, { min: amplitude.range[0], max: amplitude.range[1] }));
        if (damped[row]) dampen(own, rng.fold('gaussians').row(row, n), { height, kept, ...gaussians });
        if (!masked[row]) return;
        const mean = own[0]!;
        drawUniform(rng.fold('mask').row(row, n), size).forEach((drawn, at) => {
          if (drawn <= shares[row]!) own[at] = 0;
        });
        own[0] = mean;
      });
      const phases = rows.map((row) => (shifted[row] ? angles[row]! : 0));
      return tf.clipByValue(filterFrequencies(some, { gains, ...(phases.some((angle) => angle !== 0) && { phases }) }), 0, 1);
    });
  };
}
