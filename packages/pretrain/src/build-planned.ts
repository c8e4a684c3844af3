import { buildRun, startWeights } from './build-run.ts';
import type { RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import type { SessionContext } from './session-at-work.ts';
import { planWithin } from './within-minutes.ts';

/** A plan whose batch is no larger than the data, where nothing is trained: then it serves nothing but a later session. */
function fittingWithoutTraining(plan: RunPlan, { train }: RunData): RunPlan {
  const { settings, earlier } = plan;
  if (earlier || settings.epochs > 0 || settings.batchSize <= train.length) return plan;
  return { ...plan, settings: { ...settings, batchSize: Math.max(1, train.length) } };
}

/** The plan that runs: the first one, or what suits its data and the time; built. */
export async function buildPlanned(first: RunPlan, data: RunData, context: SessionContext) {
  const { start, within } = context;
  const planned = within && !first.earlier ? await planWithin(first, data, { ...context, ...within }) : undefined;
  const plan = fittingWithoutTraining(planned?.plan ?? first, data);
  const started = planned ? planned.started : await startWeights(plan, data, { ...context, start });
  try {
    return {
      plan,
      built: buildRun(plan, data, {
        ...started,
        gradientCheckpointing: context.session.gradientCheckpointing,
        collective: context.collective,
      }),
      reasons: planned?.reasons ?? [],
    };
  } finally {
    started.dispose();
  }
}
