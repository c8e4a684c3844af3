import { printable, SelfsupError } from '@selfsup/core';
import {
  classifierFileNames,
  exportEncoder,
  fromCheckedJson,
  readText,
  runFileNames,
  type ExportEncoderOptions,
  type RunResult,
  type RunStore,
} from '@selfsup/pretrain';
import { classifierFolder, listClassifiers, openEncoder, runFolder } from '@selfsup/pretrain/node';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { beginWholeFolder } from '../output/write-whole-folder.ts';
import { gatherPlugins } from '../plugins/gather-plugins.ts';
import { chooseBackend } from './choose-backend.ts';

/** The flags of `selfsup export`. */
export type ExportFlags = RunFlags &
  Pick<ExportEncoderOptions, 'format' | 'precision' | 'preprocessing'> & { readonly out: string; readonly classifier?: string };

/** The file of a classifier of a run. */
async function classifierBytes(run: string, name: string): Promise<Uint8Array> {
  const path = join(classifierFolder(run, name), classifierFileNames.weights);
  return readFile(path).then(
    (bytes) => new Uint8Array(bytes),
    async (error: unknown) => {
      const names = await listClassifiers(run).catch(() => []);
      const there = names.length > 0 ? `; it has ${names.map((one) => printable(one)).join(', ')}` : '; it has none yet';
      throw new SelfsupError('SELFSUP_OPTION', `--classifier: ${printable(run)} has no classifier '${printable(name)}'${there}`, {
        cause: error,
      });
    },
  );
}

/** What the run came to, for the model card; undefined where there is none. */
async function resultOf(store: RunStore): Promise<RunResult | undefined> {
  const text = await readText(store, runFileNames.result).catch(() => undefined);
  return text === undefined
    ? undefined
    : (fromCheckedJson(text, { name: `${printable(store.name)}/${runFileNames.result}`, advice: 'restore it, or go on with the run' }) as RunResult); // prettier-ignore
}

/**
 * `selfsup export`: writes an encoder for another runtime or library.
 *
 * @param flags see {@link ExportFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runExport(flags: ExportFlags, output: Output): Promise<number> {
  const { out, run, encoder, readout, plugin = [], format, precision, preprocessing } = flags;
  const { registry } = await gatherPlugins({ plugins: plugin }, process.cwd());
  const folder = await beginWholeFolder(out, '--out');
  try {
    const { name } = await chooseBackend(flags, registry);
    const bytes = await openEncoder(run, { nameOf: '--run', registry, progress: output });
    const result = await resultOf(runFolder(run));
    const classifier = flags.classifier === undefined ? undefined : await classifierBytes(run, flags.classifier);
    const chosen = { ...(encoder !== undefined && { encoder }), ...(readout !== undefined && { readout }) };
    const options = { classifier, registry, format, precision, preprocessing, result, ...chosen };
    const files = await exportEncoder(bytes, options);
    await folder.keep(files);
    const names = Object.keys(files);
    output.line(`Wrote ${names.join(', ')} to ${printable(out)}`);
    output.event('result', { command: 'export', run, format: format ?? 'onnx', out, files: names, backend: name });
    return 0;
  } finally {
    await folder.drop();
  }
}
