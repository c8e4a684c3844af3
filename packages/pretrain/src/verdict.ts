import type { Comparison } from './probe.ts';

const show = (value: number, unit: string) => `${unit === '%' ? value.toFixed(1) : value.toFixed(3)} ${unit}`;

/** How much better than a baseline; negative is worse. */
const gain = ({ better, trained }: Comparison, baseline: number) => (better === 'higher' ? trained - baseline : baseline - trained);

/** Several names as one phrase: `a, b or c`. */
const either = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)!].filter((part) => part !== '').join(' or ');

/** What to try where pretraining did not help. */
const ADVICE = 'Train longer, use more data, or try another task; the report shows the curves';

/**
 * Says in plain words whether pretraining helped.
 *
 * @param comparisons what the probes found
 * @param alarms how many alarms of collapse there were
 * @returns sentences, the most important first
 */
export function judge(comparisons: readonly Comparison[], alarms: number): string[] {
  const sentences = comparisons.flatMap((comparison) => {
    const { title, unit, trained, baselines, margin = 0, advice } = comparison;
    const entries = Object.entries(baselines);
    if (entries.length === 0) return [];
    const list = entries.map(([name, value]) => `${name} ${show(value, unit)}`).join(', ');
    const lost = entries.filter(([, value]) => gain(comparison, value) <= margin).map(([name]) => name);
    if (lost.length === 0) return [`Pretraining helped: ${title} ${show(trained, unit)}, against ${list}.`];
    return [
      `Pretraining has not helped yet: ${title} ${show(trained, unit)} does not beat ${either(lost)}${margin > 0 ? ` by more than ${show(margin, unit)}` : ''} (${list}).`,
      `${advice ?? ADVICE}.`,
    ];
  });
  if (alarms > 0)
    sentences.push(
      `${alarms === 1 ? 'One alarm' : `${alarms} alarms`} of collapse came up during training; what helps stands beside it and in the report.`,
    );
  return sentences.length > 0
    ? sentences
    : ['There are no labels, and nothing else to measure by, so nothing says whether pretraining helped.'];
}
