import { countOf } from '@selfsup/core';
import type { Comparison } from './probe.ts';
import type { StartAlone } from './start-alone.ts';

const show = (value: number, unit: string) => `${unit === '%' ? value.toFixed(1) : value.toFixed(3)} ${unit}`;

/** How much better than a baseline; negative is worse. */
const gain = ({ better, trained }: Comparison, baseline: number) => (better === 'higher' ? trained - baseline : baseline - trained);

/** The standard error of a difference of two shares in percent of so many samples, were they drawn independently: what chance alone may make of it. */
function chance(one: number, other: number, count: number): number {
  const share = (one + other) / 200;
  return 100 * Math.sqrt((2 * share * (1 - share)) / count);
}

/** What to think of a gain that chance alone may have made; empty of a greater one. */
function caveat({ trained, baselines, judges }: Comparison): string {
  if (!judges) return '';
  const errors = Object.values(baselines).map((value) => ({ gained: trained - value, error: chance(trained, value, judges.count) }));
  const doubtful = errors.filter(({ gained, error }) => gained < error).map(({ error }) => error);
  if (doubtful.length === 0) return '';
  return ` With ${countOf(judges.count, judges.unit)} to judge by, a difference of less than ${Math.max(...doubtful).toFixed(1)} points may be chance.`;
}

/** Several names as one phrase: `a, b or c`. */
const either = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)!].filter((part) => part !== '').join(' or ');

/** What to try where the start alone did not help. */
const ADVICE_ON_START = 'Train on top of it (`epochs`), use more data, or read it another way (`readout`)';
/** What to try where pretraining did not help. */
const ADVICE = 'Train longer, use more data, or try another task';

/** With a capital letter. Internal. */
export const capital = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** Whether a verdict says nothing but that it worked. */
export const isGood = (verdict: readonly string[], alone?: StartAlone): boolean =>
  verdict.every((sentence) => sentence.startsWith('Pretraining helped') || (alone && sentence.startsWith(`${capital(alone.name)} helps`)));

/**
 * Says in plain words whether pretraining helped, or the start alone.
 *
 * @param comparisons what the probes found
 * @param alarms how many alarms there were
 * @param alone what the run is, where it made no updates
 * @returns sentences, the most important first
 */
export function judge(comparisons: readonly Comparison[], alarms: number, alone?: StartAlone): string[] {
  const [helped, failed] = alone
    ? [`${capital(alone.name)} helps`, `${capital(alone.name)} does not help`]
    : ['Pretraining helped', 'Pretraining has not helped yet'];
  const sentences = comparisons.flatMap((comparison) => {
    const { title, unit, trained, baselines, margin = 0, advice } = comparison;
    const entries = Object.entries(baselines);
    if (entries.length === 0) return [];
    const list = entries.map(([name, value]) => `${name} ${show(value, unit)}`).join(', ');
    const lost = entries.filter(([, value]) => gain(comparison, value) <= margin).map(([name]) => name);
    if (alone && !alone.isComputed) return [`Nothing was trained: ${title} ${show(trained, unit)} with ${alone.name} (${list}).`];
    if (lost.length === 0) return [`${helped}: ${title} ${show(trained, unit)}, against ${list}.${caveat(comparison)}`];
    return [
      `${failed}: ${title} ${show(trained, unit)} does not beat ${either(lost)}${margin > 0 ? ` by more than ${show(margin, unit)}` : ''} (${list}).`,
      `${alone ? ADVICE_ON_START : (advice ?? ADVICE)}.`,
    ];
  });
  if (alarms > 0)
    sentences.push(`${alarms === 1 ? 'One alarm' : `${alarms} alarms`} came up; what helps stands beside ${alarms === 1 ? 'it' : 'each'}.`);
  return sentences.length > 0
    ? sentences
    : [
        `There are no labels, and nothing else to measure by, so nothing says whether ${alone ? `${alone.name} helps` : 'pretraining helped'}.`,
      ];
}
