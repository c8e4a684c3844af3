import { SelfsupError } from '@selfsup/core';
import { labOfColor } from './rgb-to-lab.ts';

/** Options of {@link colorBins}. */
export interface ColorBinsOptions {
  /** Distance of neighboring bins along a* and b*; default 10, > 0. */
  gridStep?: number;
}

/**
 * The bins of the a*b* plane that sRGB can reach: the points of a square grid to which at least one color of 8 bits is nearest.
 *
 * @param options see {@link ColorBinsOptions}
 * @returns the bins' centers `[a*, b*]`, multiples of `gridStep`, sorted by a*, then b*: 261 for a step of 10, 77 for 20, 40 for 30
 * @throws SelfsupError `SELFSUP_OPTION` on a step that is no number > 0
 * @see Zhang, Isola, Efros: "Colorful Image Colorization", section 2.1, https://arxiv.org/abs/1603.08511
 * @remarks The authors' list for a step of 10 has 313 bins; by this rule it is 261. Only the surface of the color cube is looked at: every a*b* inside of it
 * is reached there too, at another lightness.
 * @example
 * ```ts
 * import { colorBins } from '@selfsup/augment';
 * console.log(colorBins().length); // 261
 * ```
 */
export function colorBins(options: ColorBinsOptions = {}): readonly (readonly [a: number, b: number])[] {
  const { gridStep = 10 } = options;
  if (!(gridStep > 0 && Number.isFinite(gridStep)))
    throw new SelfsupError('SELFSUP_OPTION', `colorBins: \`gridStep\` must be a number > 0, got ${gridStep}`);
  const found = new Map<string, readonly [number, number]>();
  for (const wall of [0, 1])
    for (let i = 0; i < 256; i++)
      for (let j = 0; j < 256; j++) {
        const [u, v] = [i / 255, j / 255];
        for (const color of [[wall, u, v] as const, [u, wall, v] as const, [u, v, wall] as const]) {
          const [, a, b] = labOfColor(color);
          const bin = [Math.floor(a / gridStep + 0.5), Math.floor(b / gridStep + 0.5)] as const;
          found.set(bin.join(), bin);
        }
      }
  const bins = [...found.values()].sort(([a, b], [c, d]) => a - c || b - d);
  return bins.map(([a, b]) => [a * gridStep, b * gridStep] as const);
}
