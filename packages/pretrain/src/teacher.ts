import { printable, SelfsupError } from '@selfsup/core';
import { parseOptions } from './option-schema.ts';
import type { RunPlan } from './plan-run.ts';
import type { Registry } from './registry.ts';
import { startFrom, type StartEncoder } from './start-encoder.ts';
import type { Teacher } from './task-recipe.ts';

/**
 * Refuses a teacher where none is needed, one of another kind of data, and a task without the one that it needs.
 *
 * @param plan the run
 * @param teacher what the user gave
 * @param nameOf how an option is written where the user wrote it
 * @throws SelfsupError `SELFSUP_OPTION`; `SELFSUP_CHECKPOINT` when a run is continued with another one
 */
export function assertTeacher(
  { recipe, modality, earlier, registry }: RunPlan,
  teacher: StartEncoder | undefined,
  nameOf: (name: string) => string,
): void {
  if (!teacher) {
    if (recipe.teacher !== true || earlier) return;
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the task ${recipe.name} learns from a trained encoder; give ${nameOf('teacher')}: an encoder of ${modality.title}, of any architecture`,
    );
  }
  const taught = registry.tasks.all.filter((task) => task.teacher && task.modality === modality.name).map(({ name }) => name);
  if (!recipe.teacher)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('teacher')} must be left out: the task ${recipe.name} learns from data alone; choose a task with a teacher (${taught.join(', ')}), or begin with those weights (${nameOf('init')})`,
    );
  if (earlier && teacher.record.sha256 !== earlier.teacher?.sha256)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run learns from another encoder; resume without ${nameOf('teacher')}, or start a new run in another folder`,
    );
  if (teacher.description.modality !== modality.name)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('teacher')}: that encoder takes data of the kind ${printable(teacher.description.modality)}, the task ${recipe.name} learns from ${modality.name}; give one of ${modality.title}`,
    );
}

/**
 * Makes a teacher of an encoder file.
 *
 * @param given the encoder
 * @param registry where its recipe is
 * @returns the teacher; call `dispose` when all networks are made
 * @throws SelfsupError `SELFSUP_OPTION` when nobody brings the encoder, `SELFSUP_CHECKPOINT` when its weights do not fit or are not finite
 */
export async function openTeacher(
  given: StartEncoder,
  registry: Registry,
): Promise<{ readonly teacher: Teacher; readonly dispose: () => void }> {
  const { encoder, input } = given.description;
  const recipe = registry.encoders.get(encoder.name);
  const options = parseOptions<object>(recipe.options, encoder.options, { who: `encoder ${recipe.name}` });
  const { factory, dispose } = await startFrom(recipe.create(options, input), given);
  return { teacher: { factory, input }, dispose };
}
