import * as tf from '@tensorflow/tfjs-core';
import { createRegistry } from '../registry.ts';
import { checkBatches, checkOrder, checkPrepare, checkRanks } from './check-batches.ts';
import { checkEncode, checkExtras, checkFineTuning, checkProbes } from './check-encoding.ts';
import { checkData, checkName, checkOpening, checkOptions, checkSamplesForEncoder } from './check-opened-data.ts';
import { checkBadData, checkKeptEncoder, checkMemory, checkRun } from './check-run.ts';
import type { ModalityConformanceOptions, ModalitySubject, SkippableModalityCheck } from './modality-conformance.ts';

/** One thing that a modality must do. */
export interface ModalityCheck {
  /** 1 … 17. */
  readonly number: number;
  /** The number and what must hold, such as `4 one seed opens the same data`. */
  readonly name: string;
  /** Why the check is not made, if it is not. */
  readonly skipped: string | undefined;
  /** Makes the check; rejects with a SelfsupError that says what is wrong. A skipped check resolves. */
  readonly run: () => Promise<void>;
}

const checks: readonly (readonly [string, (subject: ModalitySubject) => void | Promise<void>, SkippableModalityCheck?])[] = [
  ['the name is kebab-case, the contract is known, there are a task and an encoder', checkName],
  ['options survive run.json', checkOptions],
  ['opened data is what it says, train and test share nothing', checkData],
  ['one seed opens the same data, a resumed run too', checkOpening],
  ['samples for an encoder are those of the run', checkSamplesForEncoder, 'samples'],
  ['one seed gives the same batches', checkBatches],
  ['another seed and another epoch give another order', checkOrder, 'order'],
  ['two ranks get different samples', checkRanks, 'ranks'],
  ['prepare gives finite tensors, decided by its rng', checkPrepare],
  ['encode gives one finite row per sample, in order', checkEncode],
  ['raw input, views, pictures and names fit', checkExtras],
  ['fine-tuning gets examples and an encoder', checkFineTuning],
  ['probes measure finite numbers, sections are plain data', checkProbes],
  ['bad data is refused with a SelfsupError', checkBadData],
  ['a run that is stopped and resumed ends with the same bits', checkRun, 'run'],
  ['the kept encoder embeds', checkKeptEncoder],
  ['no tensor is left', checkMemory],
];

function subjectOf({ modality, plugins, data, run = {}, badData }: ModalityConformanceOptions): ModalitySubject {
  const brought = plugins.some(({ modalities = [] }) => modalities.includes(modality));
  const registry = createRegistry([...plugins, ...(brought ? [] : [{ name: 'the kit', modalities: [modality] }])]);
  const task = modality.defaultTask ?? registry.tasks.all.find((recipe) => recipe.modality === modality.name)?.name;
  const backend = tf.getBackend();
  return {
    modality,
    registry,
    run: { ...(task !== undefined && { task }), ...((backend === 'cpu' || backend === 'wasm') && { backend }), epochs: 2, ...run, data },
    badData: badData ?? { 'an object that nobody opens': { nothing: 'of the kind' } },
  };
}

/**
 * The conformance kit for modalities as a list, for any test runner: what every modality of the contract must do.
 *
 * @param options see {@link ModalityConformanceOptions}
 * @returns seventeen checks, each independent of the others
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when two plugins bring different things of one name; from a check's `run` `SELFSUP_PLUGIN_API`, or what the
 * modality throws
 * @remarks A backend must be in force; the run that is tried uses it, if it is cpu or wasm. What the kit cannot see: labels that are wrong, a test part that
 * shares something with the training part which `ids` do not tell, and views that hide nothing.
 * @example
 * ```ts
 * import { imageModality, imagePlugin } from '@selfsup/pretrain';
 * import { modalityChecks } from '@selfsup/pretrain/testing';
 * const images = Uint8Array.from({ length: 24 * 64 }, (_, i) => (i * 37) % 251);
 * const data = { images, shape: [24, 8, 8, 1] };
 * const run = { encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, batchSize: 8 };
 * const checks = modalityChecks({ modality: imageModality, plugins: [imagePlugin], data, run });
 * console.log(checks.map(({ name }) => name));
 * ```
 */
export function modalityChecks(options: ModalityConformanceOptions): readonly ModalityCheck[] {
  const subject = subjectOf(options);
  return checks.map(([what, check, skippable], i) => {
    const skipped = skippable && options.skip?.[skippable];
    return {
      number: i + 1,
      name: `${i + 1} ${what}`,
      skipped,
      run: async () => {
        if (skipped === undefined) await check(subject);
      },
    };
  });
}
