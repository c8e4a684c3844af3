/** Each test by its full name: null where it passed, else what it says. */
export type SuiteResult = Readonly<Record<string, string | null>>;

/** How two runs of the same tests differ. */
export interface SuiteDifference {
  readonly tests: number;
  readonly passed: { readonly stock: number; readonly ours: number };
  /** Pass with ours and fail with stock. */
  readonly mended: readonly string[];
  /** Pass with stock, fail with ours, and the file of known differences says why. */
  readonly known: readonly string[];
  /** What makes the check fail, one line each. */
  readonly problems: readonly string[];
}

const passes = (result: SuiteResult): number => Object.values(result).filter((message) => message === null).length;

/**
 * Compares a run with the stock kernels and one with ours.
 *
 * @param known why a test that passes with stock may fail with ours, by the test's full name
 */
export function compareRuns(runs: { stock: SuiteResult; ours: SuiteResult }, known: Readonly<Record<string, string>>): SuiteDifference {
  const { stock, ours } = runs;
  const names = Object.keys(stock);
  const worse = names.filter((name) => stock[name] === null && ours[name] !== null);
  const problems = [
    ...names.filter((name) => !(name in ours)).map((name) => `did not run with our kernels: ${name}`),
    ...Object.keys(ours)
      .filter((name) => !(name in stock))
      .map((name) => `did not run with the stock kernels: ${name}`),
    ...worse
      .filter((name) => name in ours && !(name in known))
      .map(
        (name) =>
          `passes with the stock kernels and fails with ours: ${name}\n    ${ours[name]!.split('\n').slice(0, 3).join('\n    ').slice(0, 500)}`,
      ),
    // of a part of the suite only what ran can be judged
    ...Object.keys(known)
      .filter((name) => name in stock && !worse.includes(name))
      .map((name) => `is no difference any more and must leave known-differences.json: ${name}`),
  ];
  return {
    tests: names.length,
    passed: { stock: passes(stock), ours: passes(ours) },
    mended: names.filter((name) => stock[name] !== null && ours[name] === null),
    known: worse.filter((name) => name in known),
    problems,
  };
}
