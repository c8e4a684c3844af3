import { describe, expect, it } from 'vitest';
import { shareOf } from './share-of.ts';

describe('shareOf', () => {
  it('is what exact arithmetic of decimals gives', () => {
    for (let percent = 0; percent <= 1000; percent++)
      for (let count = 0; count <= 400; count++) {
        const exact = count * percent; // thousandths
        const below = (exact - (exact % 1000)) / 1000;
        const rest = exact % 1000;
        const share = percent / 1000;
        const found = (['floor', 'ceil', 'nearest', 'half-to-even'] as const).map((rounding) => shareOf(count, share, rounding));
        const even = rest === 500 ? below + (below % 2) : below + (rest > 500 ? 1 : 0);
        const wanted = [below, below + (rest > 0 ? 1 : 0), below + (rest >= 500 ? 1 : 0), even];
        if (found.some((value, i) => value !== wanted[i])) expect(found, `${count} · ${share}`).toEqual(wanted);
        const left = shareOf(count, 1 - share, 'floor');
        if (left !== count - wanted[1]!) expect(left, `${count} · (1 − ${share})`).toBe(count - wanted[1]!);
      }
    expect(shareOf(100, 1 - 0.8, 'floor')).toBe(20);
  });

  it('is what exact arithmetic of quotients gives', () => {
    for (let of = 1; of <= 150; of++)
      for (let part = 0; part <= of; part++)
        for (const rounding of ['floor', 'ceil', 'nearest', 'half-to-even'] as const) {
          if (shareOf(of, part / of, rounding) !== part) expect(shareOf(of, part / of, rounding), `${of} · ${part}/${of}`).toBe(part);
          if (shareOf(of, 1 - part / of, rounding) !== of - part) expect(shareOf(of, 1 - part / of, rounding)).toBe(of - part);
        }
    expect(shareOf(81, 5 / 9, 'floor')).toBe(45);
  });

  it('does not round what is no whole number', () => {
    expect(shareOf(1_000_000, 0.9999999, 'floor')).toBe(999_999);
    expect(shareOf(1_000_000, 0.0000001, 'ceil')).toBe(1);
    expect(shareOf(2 ** 40, 1 - 2 ** -41, 'floor')).toBe(2 ** 40 - 1);
  });
});
