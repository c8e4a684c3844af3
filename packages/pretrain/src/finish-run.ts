import type { FitResult } from '@selfsup/trainer';
import { collectReport } from './collect-report.ts';
import { keepAdapters } from './adapters.ts';
import { startAloneOf } from './start-alone.ts';
import { keepEncoder } from './encoder-file.ts';
import { encodeBank, type KnnProbe } from './knn-probe.ts';
import type { ProbeContext } from './modality.ts';
import { parseRunResult, type RunResult } from './run-result.ts';
import { readText, runFileNames, writeChecked } from './run-store.ts';
import { measureProbes, type Session } from './session-at-work.ts';
import { sha256 } from './sha256.ts';
import { judge } from './verdict.ts';

const rounded = (value: number) => Number(value.toFixed(2));

/** The share of the time below which a stage has no rate worth the name. */
const NEXT_TO_NOTHING = 0.005;

function throughputOf({ seconds, steps }: FitResult, { unit, perUpdate }: Session['built']['throughput']): RunResult['throughput'] {
  const { reading, preparing, training } = seconds;
  const whole = reading + preparing + training;
  const per = (time: number) => rounded((steps * perUpdate) / Math.max(time, 1e-9));
  const alone = Object.entries({ preparing, training }).filter(([, time]) => time >= NEXT_TO_NOTHING * whole);
  return { unit, perSecond: per(whole), ...Object.fromEntries(alone.map(([stage, time]) => [stage, per(time)])) };
}

/** What an earlier session measured, for one that found nothing left to train. */
async function throughputBefore(session: Session): Promise<RunResult['throughput']> {
  const text = await readText(session.store, runFileNames.result);
  try {
    return text === undefined ? undefined : parseRunResult(text, runFileNames.result).throughput;
  } catch {
    return undefined; // it is damaged, and about to be written again
  }
}

/** Measures the trained encoder, writes result.json and encoder.safetensors, and emits the end. Internal. */
export async function finishRun(
  session: Session,
  found: { result: FitResult; seconds: number; knn: KnnProbe | undefined; probeContext: ProbeContext },
): Promise<void> {
  const { plan, data, built, file, log, probes, watch, store, emit, encoding, progress } = session;
  const { result: fitted, seconds, knn, probeContext } = found;
  const at = { step: fitted.step, epoch: fitted.step / built.stepsPerEpoch, seconds };
  const measured = await measureProbes(session, at);
  const health = await watch.measure('trained', at);
  const comparisons = probes.flatMap(({ probe, baselines }, i) => probe.compare(measured[i]!, baselines));
  const losses = log.records.filter(({ type }) => type === 'step').slice(-built.stepsPerEpoch).map((record) => Number(record['loss'])); // prettier-ignore
  const alarms = log.records
    .filter(({ type }) => type === 'alarm')
    .map(({ kind, metric, value, threshold, step }) => ({
      kind: String(kind),
      metric: String(metric),
      value: Number(value),
      threshold: Number(threshold),
      step,
    }));
  const checkpoint = (await store.read(runFileNames.checkpoint))!;
  const throughput = fitted.steps === 0 ? await throughputBefore(session) : throughputOf(fitted, built.throughput);
  const result: RunResult = {
    task: plan.settings.task,
    modality: plan.modality.name,
    dataset: file.dataset.name,
    encoder: file.encoder.name,
    backend: session.backend.name,
    backendDescription: session.backend.description,
    epochs: fitted.epochs,
    steps: fitted.step,
    stoppedBy: fitted.stoppedBy === 'time' ? 'time' : 'end',
    seconds: rounded(seconds),
    ...(throughput && { throughput }),
    trainSamples: data.train.length,
    testSamples: data.test?.length ?? 0,
    ...(losses.length > 0 && {
      lastLoss: losses.at(-1)!,
      lastEpochLoss: Number((losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toFixed(5)),
    }),
    probes: Object.fromEntries(probes.map(({ probe, baselines }, i) => [probe.name, { trained: measured[i]!, baselines }])),
    comparisons,
    verdict: judge(comparisons, alarms.length, startAloneOf(file, fitted.step)),
    ...(health && { health }),
    alarms,
    skipped: data.skipped(),
    facts: { ...data.facts },
    checkpoint: await sha256(checkpoint),
    metrics: log.check,
    run: store.name,
  };
  await writeChecked(store, runFileNames.result, result);
  const encoder = await keepEncoder(checkpoint, file.encoder.prefix);
  await store.write(runFileNames.encoder, encoder);
  const adapters = await keepAdapters(checkpoint, { prefix: file.encoder.prefix, base: file.init?.sha256 });
  if (adapters) await store.write(runFileNames.adapters, adapters);
  if (!session.report) {
    await emit({ type: 'end', result, encoder });
    return;
  }
  const { modality, recipe, settings } = plan;
  const encoded =
    knn?.encoded ?? (await encodeBank(built.features, { modality, train: data.train, test: data.test, settings, encoding }, 'trained'));
  const more = (await modality.sections?.(probeContext)) ?? [];
  const report = await collectReport({ run: file, recipe, modality, result, records: log.records, encoded, more, progress });
  await emit({ type: 'end', result, encoder, report });
}
