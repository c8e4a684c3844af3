import { SelfsupError } from '@selfsup/core';
import { collapseAlarm, describeAlarm, type CollapseAlarm, type CollapseAlarmOptions, type CollapseDiagnostics } from './collapse-alarm.ts';
import { stepRules, type StepRule } from './step-rule.ts';

/** One alarm of a {@link CollapseMonitor}. */
export interface CollapseAlarmEvent extends CollapseAlarm {
  /** Optimizer updates done when it was raised. */
  readonly step: number;
}

/** Options of {@link createCollapseMonitor}: also the thresholds of `collapseAlarm`. */
export interface CollapseMonitorOptions extends CollapseAlarmOptions {
  /** How more metrics of steps are judged, those of a task of your own; a rule of a metric that has one here goes before it. Not of `std`, `rank`, `uniformity`, `alignment`. */
  rules?: readonly StepRule[];
  /** Columns of the embeddings, by which `zStd` is judged; default: by the greatest `zStd` so far, since healthy is 1/√dim. */
  embeddingDim?: number | undefined;
  /** The task's target momentum, for `queueAge`; default 0.999. */
  momentum?: number;
  /** Alarm when keys are on average older than this many times 1/(1 − momentum), the target network's memory in steps; default 4. */
  maxQueueAgeShare?: number;
  /** Steps in a row that must be beyond a threshold; one measurement of features is enough. Default 50. */
  patience?: number;
  /** How far back over its threshold a value must come before it can raise the same alarm again, as a factor > 1; default 1.25. */
  recovery?: number;
  /** Measures features at the end of an epoch, for `onEpochEnd`. */
  measure?: () => CollapseDiagnostics | Promise<CollapseDiagnostics>;
  /** Called with each alarm. */
  onAlarm?: (alarm: CollapseAlarmEvent) => void;
  /** Alarms of a run that is resumed: they are raised again only after recovery. */
  earlier?: readonly Pick<CollapseAlarm, 'kind' | 'metric'>[];
}

/** Watches a training; its methods are callbacks of `fit`. */
export interface CollapseMonitor {
  /** All alarms so far. */
  readonly alarms: readonly CollapseAlarmEvent[];
  /** Judges the metrics `zStd`, `queueAge`, `targetInformation` and `prototypeEntropy` of a step and those of `rules`, if the task has them; `step` counts from 0, as `fit` reports it. */
  readonly onStep: (report: { readonly step: number; readonly metrics?: Readonly<Record<string, number>> }) => void;
  /** Calls `measure` and judges what it gives; `step` is the number of updates done. */
  readonly onEpochEnd: (report: { readonly step: number }) => Promise<void>;
  /**
   * Judges features measured after `step` updates; returns the alarms that this raised. Those of step 0 are the start: they are not judged, and afterwards
   * `std`, `rank` and `uniformity` raise an alarm only where they have lost half of what they were.
   */
  readonly judge: (diagnostics: CollapseDiagnostics, at: { step: number }) => readonly CollapseAlarmEvent[];
}

/** What a metric of features was before training; infinite where that is not known or does not matter. */
const startOf = (start: CollapseDiagnostics | undefined, metric: string): number =>
  metric === 'alignment' ? Infinity : (start?.[metric as 'std' | 'rank' | 'uniformity'] ?? Infinity);

const featureMetrics = ['std', 'rank', 'uniformity', 'alignment'];

function checkOptions(options: CollapseMonitorOptions): void {
  const { embeddingDim, momentum = 0, patience = 1, recovery = 2 } = options;
  const rules: [string, boolean, string, number | undefined][] = [
    [
      'embeddingDim',
      embeddingDim === undefined || (Number.isSafeInteger(embeddingDim) && embeddingDim >= 1),
      'an integer >= 1',
      embeddingDim,
    ],
    ['momentum', momentum >= 0 && momentum <= 1, 'in [0, 1]', momentum],
    ['patience', Number.isSafeInteger(patience) && patience >= 1, 'an integer >= 1', patience],
    ['recovery', recovery > 1 && recovery < Infinity, 'a finite number > 1', recovery],
  ];
  for (const { metric } of options.rules ?? [])
    if (featureMetrics.includes(metric))
      throw new SelfsupError('SELFSUP_OPTION', `createCollapseMonitor: \`rules\` must be of metrics of steps, got one of ${metric}`);
  for (const [name, holds, rule, got] of rules)
    if (!holds) throw new SelfsupError('SELFSUP_OPTION', `createCollapseMonitor: \`${name}\` must be ${rule}, got ${got}`);
}

/**
 * Watches the metrics of a training and features between epochs, and raises an alarm once per crossing of a threshold.
 *
 * @param options see {@link CollapseMonitorOptions}
 * @returns see {@link CollapseMonitor}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from `judge` and `onEpochEnd` as `collapseAlarm`
 * @see He et al.: "Momentum Contrast for Unsupervised Visual Representation Learning", section 4.1 (momentum and the queue), https://arxiv.org/abs/1911.05722
 * @remarks `zStd` is judged like the deviation of features. The limit of `queueAge` is a rule of thumb of this library: in the paper's table keys of mean age 128
 * learn well at momentum 0.99 and badly at 0.9. A metric that is absent or not finite is not judged.
 * `targetInformation`, nats, must be at least 0.05 and a tenth of its greatest value, `prototypeEntropy` at least 0.2: rules of thumb as well.
 * @example
 * ```ts
 * import { createCollapseMonitor } from '@selfsup/evaluate';
 * const monitor = createCollapseMonitor({ embeddingDim: 4, patience: 2, onAlarm: ({ message }) => console.warn(message) });
 * for (const zStd of [0.5, 0.01, 0.01, 0.01]) monitor.onStep({ step: 0, metrics: { zStd } }); // or: fit(trainer, { ..., callbacks: monitor })
 * console.log(monitor.alarms.length); // 1
 * ```
 */
export function createCollapseMonitor(options: CollapseMonitorOptions = {}): CollapseMonitor {
  checkOptions(options);
  const { embeddingDim, momentum = 0.999, maxQueueAgeShare = 4, patience = 50, recovery = 1.25, measure, onAlarm, earlier = [] } = options;
  const { minStdShare = 0.1, minRankShare = 0.05, maxAlignment = 1.6, maxUniformity = -0.2, causes } = options;
  const thresholds = { minStdShare, minRankShare, maxAlignment, maxUniformity, causes };
  const safe = {
    minStdShare: minStdShare * recovery,
    minRankShare: minRankShare * recovery,
    maxAlignment: maxAlignment / recovery,
    maxUniformity: maxUniformity * recovery,
  };
  const alarms: CollapseAlarmEvent[] = [];
  const rules = new Map(
    [...stepRules({ embeddingDim, minStdShare, momentum, maxQueueAgeShare }), ...(options.rules ?? [])].map((rule) => [rule.metric, rule]),
  );
  /** One alarm's state: a metric of steps by its name, those of features by their kind. */
  const keyOf = ({ kind, metric }: Pick<CollapseAlarm, 'kind' | 'metric'>) => (rules.has(metric) ? metric : kind);
  const active = new Set(earlier.map(keyOf));
  const inARow = new Map<string, number>();
  const greatest = new Map<string, number>();
  let start: CollapseDiagnostics | undefined;

  const raise = (alarm: CollapseAlarm, step: number): CollapseAlarmEvent => {
    active.add(keyOf(alarm));
    const event = { ...alarm, step };
    alarms.push(event);
    onAlarm?.(event);
    return event;
  };
  const judgeStep = ({ metric, kind, side, limit }: StepRule, value: number, step: number) => {
    greatest.set(metric, Math.max(greatest.get(metric) ?? -Infinity, value));
    const threshold = limit(greatest.get(metric)!);
    const [crossed, recovered] =
      side === 'below' ? [value < threshold, value > threshold * recovery] : [value > threshold, value < threshold / recovery];
    const count = crossed ? (inARow.get(metric) ?? 0) + 1 : 0;
    inARow.set(metric, count);
    if (recovered) active.delete(metric);
    if (count >= patience && !active.has(metric)) raise(describeAlarm({ kind, metric, value, threshold }, { causes }), step);
  };
  const judge: CollapseMonitor['judge'] = (diagnostics, { step }) => {
    const all = collapseAlarm(diagnostics, thresholds);
    if (step === 0) {
      start = diagnostics;
      return [];
    }
    const found = all.filter(({ metric, value }) => Math.abs(value) < Math.abs(startOf(start, metric)) / 2);
    const unsafe = new Set(collapseAlarm(diagnostics, safe).map(keyOf));
    for (const key of [...active]) if (!rules.has(key) && !unsafe.has(key)) active.delete(key);
    return found.filter((alarm) => !active.has(keyOf(alarm))).map((alarm) => raise(alarm, step));
  };
  return {
    alarms,
    judge,
    onStep({ step, metrics = {} }) {
      for (const rule of rules.values()) {
        const value = metrics[rule.metric];
        if (value !== undefined && Number.isFinite(value)) judgeStep(rule, value, step + 1);
      }
    },
    async onEpochEnd({ step }) {
      if (measure) judge(await measure(), { step });
    },
  };
}
