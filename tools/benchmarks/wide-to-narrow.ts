import { execFileSync } from 'node:child_process';

/** What is run by turns. */
export interface WideToNarrowOptions {
  /** The file of `bench:step`. */
  readonly program: string;
  /** What to measure, without the build. */
  readonly args: readonly string[];
  /** How many times each. */
  readonly rounds: number;
}

interface Report {
  readonly unit: string;
  readonly description: string;
  readonly results: readonly { readonly description: string; readonly perSecond: number }[];
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

/** Runs the step in processes of their own, which have the engine's flag or do not, by turns; returns both rates and the ratio in words. */
export function wideToNarrow({ program, args, rounds }: WideToNarrowOptions): string {
  const run = (wide: boolean): Report => {
    const flags = ['--json', '--wide', `${wide}`];
    const printed = execFileSync(process.execPath, [...process.execArgv, program, ...args, ...flags], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(printed) as Report;
  };
  const reports = Array.from({ length: rounds }, () => [run(true), run(false)] as const);
  const [wide, narrow] = [0, 1].map((at) => median(reports.map((pair) => pair[at]!.results[0]!.perSecond))) as [number, number];
  const [first] = reports;
  const name = (at: 0 | 1): string => first![at].results[0]!.description;
  const { unit, description } = first![0];
  return [
    description,
    `${name(0)}: ${wide.toFixed(2)} ${unit}/s`,
    `${name(1)}: ${narrow.toFixed(2)} ${unit}/s`,
    `wide to narrow: ${(wide / narrow).toFixed(2)} (medians of ${rounds} processes each)`,
  ].join('\n');
}
