import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import { writeCheckpoint } from '@selfsup/trainer';

/** A line of metrics.jsonl. `step` counts updates that are done. */
export interface MetricsRecord {
  /** `step` after an update, `knn` after a probe of the encoder, `held-out` after a measurement on held-out text, `health` of the features, `alarm`. */
  readonly type: 'step' | 'knn' | 'held-out' | 'health' | 'alarm';
  /** Updates done. */
  readonly step: number;
  /** Passes over the data, with fractions. */
  readonly epoch: number;
  /** Seconds of training until here, over all sessions of the run. */
  readonly seconds: number;
  /** Loss, learning rate, accuracy … */
  readonly [metric: string]: number | string;
}

/** What `selfsup fine-tune` found, by the labeled texts. */
export type FineTuneFile = `fine-tune-${string}.json`;

/** The folder of a run and the names in it. */
export interface RunFolder {
  /** The folder. */
  readonly path: string;
  /** The checkpoint. */
  readonly checkpoint: string;
  /** The report. */
  readonly report: string;
  /** Writes a JSON file whole or not at all. */
  writeJson(name: 'run.json' | 'result.json' | 'tokenizer.json' | FineTuneFile, value: unknown): Promise<void>;
  /** Writes the report whole or not at all. */
  writeReport(html: string): Promise<void>;
  /** Adds a line to metrics.jsonl. */
  appendMetrics(record: MetricsRecord): void;
  /** All lines of metrics.jsonl. */
  readMetrics(): MetricsRecord[];
  /** Drops what metrics.jsonl says about updates after `step`. */
  truncateMetrics(step: number): Promise<void>;
  /** The contents of all files that `selfsup fine-tune` left, by name. */
  readFineTuned(): Promise<unknown[]>;
  /** The sha256 of the checkpoint, in hexadecimal. */
  hashCheckpoint(): Promise<string>;
}

/** The files that a run owns in its folder. */
const FILES = ['run.json', 'metrics.jsonl', 'checkpoint.safetensors', 'result.json', 'report.html', 'tokenizer.json'] as const;

const isFineTuneFile = (name: string): name is FineTuneFile => name.startsWith('fine-tune-') && name.endsWith('.json');

const bytesOf = (text: string) => new TextEncoder().encode(text);

function parseMetrics(text: string): MetricsRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as MetricsRecord];
    } catch {
      return []; // the empty end, or a line that a kill cut off
    }
  });
}

/**
 * The folder of a run, whether it exists or not.
 *
 * @param path the folder
 * @returns see {@link RunFolder}
 */
export function runFolder(path: string): RunFolder {
  const metrics = join(path, 'metrics.jsonl');
  const checkpoint = join(path, 'checkpoint.safetensors');
  const report = join(path, 'report.html');
  const readMetrics = () => (existsSync(metrics) ? parseMetrics(readFileSync(metrics, 'utf8')) : []);
  return {
    path,
    checkpoint,
    report,
    writeJson: (name, value) => writeCheckpoint(join(path, name), bytesOf(`${JSON.stringify(value, null, 2)}\n`)),
    writeReport: (html) => writeCheckpoint(report, bytesOf(html)),
    appendMetrics: (record) => {
      appendFileSync(metrics, `${JSON.stringify(record)}\n`);
    },
    readMetrics,
    async truncateMetrics(step) {
      const kept = readMetrics().filter((record) => record.step <= step);
      await writeCheckpoint(metrics, bytesOf(kept.map((record) => `${JSON.stringify(record)}\n`).join('')));
    },
    async readFineTuned() {
      const names = (await readdir(path)).filter(isFineTuneFile).sort();
      const texts = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')));
      return texts.map((text) => JSON.parse(text) as unknown);
    },
    hashCheckpoint: async () =>
      createHash('sha256')
        .update(await readFile(checkpoint))
        .digest('hex'),
  };
}

/**
 * Refuses to write a new run over another one.
 *
 * @param path the folder of the new run
 * @param options `overwrite`: the user allows it
 * @throws SelfsupError `SELFSUP_STATE` when the folder holds a run, `SELFSUP_OPTION` when the path is a file
 */
export function assertFreeForRun(path: string, options: { overwrite: boolean }): void {
  if (existsSync(path) && !statSync(path).isDirectory())
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a folder, but ${path} is a file; choose another --out`);
  if (!options.overwrite && existsSync(join(path, 'run.json')))
    throw new SelfsupError(
      'SELFSUP_STATE',
      `${path} already holds a run; continue it with --resume, replace it with --overwrite, or choose another --out`,
    );
}

/**
 * Makes the folder of a new run, without what an older run left in it; other files stay.
 *
 * @param path the folder
 * @param run what goes into run.json
 * @returns the folder
 */
export async function createRunFolder(path: string, run: unknown): Promise<RunFolder> {
  const folder = runFolder(path);
  try {
    await mkdir(path, { recursive: true });
    for (const file of [...FILES, ...(await readdir(path)).filter(isFineTuneFile)]) await rm(join(path, file), { force: true });
    await writeFile(join(path, 'metrics.jsonl'), '');
    await folder.writeJson('run.json', run);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SelfsupError('SELFSUP_DATA', `cannot write the run folder ${path} (${reason}); choose another --out`, { cause: error });
  }
  return folder;
}
