/** Widths in em, on the generous side: the page is read in whatever font the system has. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[.,:;'|!il]/, 0.36],
  [/\s/, 0.32],
  [/[MW@%mw]/, 0.98],
  [/[A-Z]/, 0.76],
  [/[\u1100-\uffff]/, 1.05],
];

/**
 * How much room a line of text needs at most in usual sans-serif fonts.
 *
 * @param text one line
 * @param fontSize in pixels
 * @returns pixels
 */
export function textWidth(text: string, fontSize: number): number {
  const em = Array.from(text, (sign) => WIDTHS.find(([signs]) => signs.test(sign))?.[1] ?? 0.65);
  return Math.ceil(em.reduce((sum, width) => sum + width, 0) * fontSize);
}
