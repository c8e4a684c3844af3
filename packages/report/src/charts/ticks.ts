/** Numbers at which an axis is labeled, all of them multiples of `step`. */
export interface Ticks {
  readonly values: readonly number[];
  /** The distance between two. */
  readonly step: number;
}

/** Without the dust of floating point. */
const clean = (value: number) => Number(value.toPrecision(12));

function niceStep(span: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(span / count));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power * count >= span * (1 - 1e-9)) ?? 10;
  return clean(factor * power);
}

/**
 * Chooses round numbers that enclose an interval.
 *
 * @param from the least value
 * @param to the greatest; where both are the same the interval is widened
 * @param options `count`: about so many steps; `inside`: leave out the numbers outside of the interval; `whole`: no fractions
 * @returns see {@link Ticks}; at least one value
 */
export function chooseTicks(from: number, to: number, options: { count: number; inside?: boolean; whole?: boolean }): Ticks {
  const { count, inside = false, whole = false } = options;
  let [least, greatest] = [from, to];
  if (greatest - least <= 1e-9 * Math.max(Math.abs(least), Math.abs(greatest))) {
    const pad = least === 0 ? 0.5 : Math.abs(least) / 10;
    [least, greatest] = [least - pad, greatest + pad];
  }
  const step = Math.max(niceStep(greatest - least, count), whole ? 1 : 0);
  const first = inside ? Math.ceil(least / step - 1e-9) : Math.floor(least / step + 1e-9);
  const last = inside ? Math.floor(greatest / step + 1e-9) : Math.ceil(greatest / step - 1e-9);
  const values = Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => clean((first + i) * step) + 0);
  return { values, step };
}

const trimmed = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/**
 * Writes the numbers of an axis, all with as many decimals, large ones as `15k` and `2M`, small ones as `1.5e-4`.
 *
 * @param ticks see {@link Ticks}
 * @param unit is written after each number; default none
 * @returns one label for each
 */
export function labelTicks({ values, step }: Ticks, unit = ''): string[] {
  const greatest = Math.max(...values.map(Math.abs));
  const after = unit === '' ? '' : `\u00a0${unit}`;
  const exponential = greatest > 0 && (greatest < 1e-3 || greatest >= 1e9);
  const [scale, suffix] = greatest >= 1e6 ? ([1e6, 'M'] as const) : greatest >= 1e4 ? ([1e3, 'k'] as const) : ([1, ''] as const);
  const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9)));
  return values.map((value) => {
    if (value === 0) return `0${after}`;
    if (exponential) {
      const [mantissa = '', exponent = ''] = clean(value).toExponential(3).split('e');
      return `${trimmed(mantissa)}e${exponent.replace('+', '')}${after}`;
    }
    return `${(value / scale).toFixed(digits)}${suffix}${after}`;
  });
}
