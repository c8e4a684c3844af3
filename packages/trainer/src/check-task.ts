import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type PretextTaskRun, type VariableMap } from '@selfsup/core';

/** The version of the task contract that this trainer drives. */
export const taskApi = 1;

/** Throws unless the trainer can drive a task of this name and contract version. Internal. */
export function checkTask(task: { readonly name: string; readonly api: number }): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(task.name))
    throw new SelfsupError('SELFSUP_PLUGIN_API', `createTrainer: \`task.name\` must be kebab-case, such as my-task, got "${task.name}"`);
  if (task.api !== taskApi)
    throw new SelfsupError(
      'SELFSUP_PLUGIN_API',
      `createTrainer: the task ${task.name} is written for contract ${String(task.api)}, this trainer drives contract ${taskApi}; install versions that match`,
    );
}

/** Throws unless a run has an encoder and something to train, and every variable has one path, in `trainable`, `buffers` or `frozen`. Internal. */
export function checkRun(name: string, run: Pick<PretextTaskRun, 'encoders' | 'trainable' | 'buffers' | 'frozen'>): void {
  const { encoders, trainable, buffers, frozen = {} } = run;
  for (const [what, part, one] of [
    ['encoders', encoders, 'encoder'],
    ['trainable', trainable, 'variable'],
  ] as const)
    if (typeof (part as unknown) !== 'object' || Object.keys(part).length === 0)
      throw new SelfsupError('SELFSUP_PLUGIN_API', `createTrainer: \`${what}\` of ${name} must hold at least one ${one}, got none`);
  const paths = new Map<tf.Variable, string>();
  for (const [part, variables] of Object.entries({ trainable, buffers, frozen } satisfies Record<string, VariableMap>))
    for (const [path, variable] of Object.entries(variables)) {
      const first = paths.get(variable);
      if (first !== undefined)
        throw new SelfsupError(
          'SELFSUP_PLUGIN_API',
          `createTrainer: a variable of ${name} must have one path, this one has \`${first}\` and \`${part}/${path}\``,
        );
      paths.set(variable, `${part}/${path}`);
    }
}
