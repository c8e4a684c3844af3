import type { Measures, Probe } from './probe.ts';
import { roundedAll, type ProbeAtWork, type Session } from './session-at-work.ts';

const moments: readonly string[] = ['type', 'step', 'epoch', 'seconds'];

/** The numbers of a line of metrics.jsonl. Internal. */
export const measuresIn = (record: Readonly<Record<string, unknown>>): Measures =>
  Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, number] => !moments.includes(entry[0]) && typeof entry[1] === 'number'),
  );

/** Measures what the encoder is compared with, before its weights are restored; or reads it from an earlier session. */
export async function startProbes(probes: readonly Probe[], { log, emit }: Pick<Session, 'log' | 'emit'>): Promise<ProbeAtWork[]> {
  const started: ProbeAtWork[] = [];
  for (const probe of probes) {
    const earlier = log.records.find(({ type, step }) => type === probe.name && step === 0);
    const baselines = earlier ? measuresIn(earlier) : roundedAll(await probe.baselines());
    if (!earlier) {
      await log.append({ type: probe.name, step: 0, epoch: 0, seconds: 0, ...baselines });
      await emit({
        type: 'probe',
        probe: probe.name,
        epoch: 0,
        step: 0,
        measures: baselines,
        text: `Before training: ${probe.describe(baselines)}`,
      });
    }
    started.push({ probe, baselines });
  }
  return started;
}
