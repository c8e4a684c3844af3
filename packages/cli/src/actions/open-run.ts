import { printable, SelfsupError } from '@selfsup/core';
import {
  describeEncoder,
  parseRunFile,
  readText,
  runFileNames,
  type EncoderDescription,
  type LoadedEncoder,
  type Registry,
  type RunFile,
  type RunStore,
} from '@selfsup/pretrain';
import { isForeign, loadEncoder, openEncoder, runFolder } from '@selfsup/pretrain/node';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { gatherPlugins } from '../plugins/gather-plugins.ts';
import { chooseBackend } from './choose-backend.ts';

/** A run that is there, with all that can open it. */
export interface FoundRun {
  readonly store: RunStore;
  readonly file: RunFile;
  readonly registry: Registry;
}

/** An encoder that is there, with what it was opened by. */
export interface OpenedEncoder {
  /** Dispose it. */
  readonly encoder: LoadedEncoder;
  /** The folder of its run; absent where it comes from a file or another program. */
  readonly store?: RunStore;
  readonly registry: Registry;
  /** The name of the backend in force. */
  readonly backend: string;
  /** The same in words: build, threads, and why there are not more. */
  readonly backendDescription: string;
}

/** Refuses an encoder whose parts nobody brings; nothing that its file names is loaded. */
function assertBrought(
  { modality, encoder, plugins }: Pick<EncoderDescription, 'modality' | 'encoder' | 'plugins'>,
  registry: Registry,
  path: string,
): void {
  const missing = !registry.modalities.has(modality)
    ? `learned from data of the kind ${printable(modality)}`
    : !registry.encoders.has(encoder.name)
      ? `has the encoder ${printable(encoder.name)}`
      : undefined;
  if (missing === undefined) return;
  const from = plugins.map((name) => printable(name)).join(', ');
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${printable(path)} ${missing}${from ? `, which came from ${from}` : ''}; nothing that a run's file names is loaded by itself, so add: --plugin <file or package>`,
  );
}

/**
 * Finds a run and gathers what can open it.
 *
 * @param flags the folder and the plugins
 * @returns see {@link FoundRun}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, or it needs plugins that were not given
 */
export async function findRun({ run: path, plugin = [] }: RunFlags): Promise<FoundRun> {
  const store = runFolder(path);
  const text = await readText(store, runFileNames.run);
  const shown = printable(path);
  if (text === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${shown} holds no run (there is no ${runFileNames.run}); train one first: selfsup train --data <source> --out ${shown}`,
    );
  const file = parseRunFile(text, `${shown}/${runFileNames.run}`);
  const { registry } = await gatherPlugins({ plugins: plugin }, process.cwd());
  assertBrought({ ...file, plugins: file.brought.plugins }, registry, path);
  return { store, file, registry };
}

/**
 * Opens an encoder: of a run, or one that comes alone; a backend is in force afterwards.
 *
 * @param flags with `run`, the folder of a run or what `openEncoder` takes
 * @param output where to report
 * @returns see {@link OpenedEncoder}
 */
export async function openRun(flags: RunFlags, output: Output): Promise<OpenedEncoder> {
  const alone = !existsSync(join(flags.run, runFileNames.run)) && (isForeign(flags.run) || existsSync(flags.run));
  const found = alone ? undefined : await findRun(flags);
  const { registry } = found ?? (await gatherPlugins({ plugins: flags.plugin ?? [] }, process.cwd()));
  const backend = await chooseBackend(flags, registry);
  for (const reason of backend.rejected) output.warn(reason);
  const { readout, encoder: name } = flags;
  const options = {
    ...{ registry, progress: output },
    ...(readout !== undefined && { readout }),
    ...(name !== undefined && { encoder: name }),
  };
  const open = async () => {
    if (found) return loadEncoder(flags.run, options);
    const bytes = await openEncoder(flags.run, { nameOf: '--run', registry, progress: output });
    assertBrought(await describeEncoder(bytes, name), registry, flags.run);
    return loadEncoder(bytes, options);
  };
  return {
    encoder: await open(),
    ...(found && { store: found.store }),
    ...{ registry, backend: backend.name, backendDescription: backend.description },
  };
}

/** The checkpoint of a run as it is, with heads and all, and what describes it. */
export async function readCheckpoint({ store }: FoundRun): Promise<EncoderDescription & { checkpoint: Uint8Array }> {
  const checkpoint = await store.read(runFileNames.checkpoint);
  const shown = printable(store.name);
  if (!checkpoint)
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${shown} has no checkpoint yet; go on with: selfsup train --resume --out ${shown}`);
  return { checkpoint, ...(await describeEncoder(checkpoint)) };
}
