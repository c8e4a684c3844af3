import type { SelectedBackend } from '@selfsup/backends';
import { printable, SelfsupError } from '@selfsup/core';
import { prefixOf, type BuiltRun } from './build-run.ts';
import type { RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import type { RunFile } from './run-file.ts';
import { fingerprintOf } from './same-data.ts';
import type { StartEncoder } from './start-encoder.ts';
import { version } from './version.ts';

/** What run.json says of the encoders that are kept beside that of the run. */
function furtherEncoders({ encoders = {} }: RunData, { trainer }: BuiltRun): RunFile['encoders'] {
  return Object.fromEntries(
    Object.entries(encoders).map(([name, { modality, encoder, input, options }]) => {
      const module = trainer.run.encoders[name];
      if (!module)
        throw new SelfsupError(
          'SELFSUP_PLUGIN_API',
          `the task keeps no encoder \`${printable(name)}\`, which the data is for; it keeps ${Object.keys(trainer.run.encoders).join(', ')}`,
        );
      const prefix = prefixOf(trainer.run, module);
      return [
        name,
        { modality, encoder: { ...encoder, options: { ...encoder.options }, prefix }, input: { ...input }, options: { ...options } },
      ];
    }),
  );
}

/** What run.json says of a run that begins. Internal. */
export function describeRun(
  plan: RunPlan,
  parts: {
    data: RunData;
    built: BuiltRun;
    backend: Pick<SelectedBackend, 'name'>;
    start: StartEncoder | undefined;
    teacher?: StartEncoder | undefined;
    reasons?: readonly string[];
  },
): RunFile {
  const { settings, options, modality, functions, optimizer, registry } = plan;
  const { data, built, backend, start, teacher, reasons = [] } = parts;
  const { train, test, testFrom, unit, name } = data;
  const own = [plan.recipe, plan.encoder].flatMap((thing) =>
    registry.plugins
      .filter(({ tasks = [], encoders = [] }) => [...tasks, ...encoders].includes(thing as never))
      .map((plugin) => plugin.name),
  );
  return {
    format: 1,
    selfsup: version,
    modality: modality.name,
    data: typeof plan.data === 'string' ? plan.data : '(in memory)',
    settings,
    options: { ...options },
    encoder: { name: plan.encoder.name, options: { ...built.encoderOptions }, prefix: built.prefix },
    input: { ...data.input },
    encoders: furtherEncoders(data, built),
    fingerprint: fingerprintOf(data),
    ...(data.content !== undefined && { content: data.content }),
    files: {},
    dataset: { name, unit, train: train.length, test: test?.length ?? 0, ...(testFrom && { testFrom }) },
    stepsPerEpoch: built.stepsPerEpoch,
    totalSteps: built.totalSteps,
    backend: backend.name,
    optimizer: [...built.optimizer],
    changes: [],
    reasons: [...reasons],
    ...(start && { init: start.record }),
    ...(teacher && { teacher: teacher.record }),
    brought: {
      plugins: [...new Set(own)].filter((plugin) => !plugin.startsWith('@selfsup/pretrain')),
      functions: [...Object.keys(functions), ...(optimizer ? ['optimizer'] : [])],
    },
  };
}
