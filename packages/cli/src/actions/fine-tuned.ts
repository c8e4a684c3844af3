import { printable } from '@selfsup/core';
import { readText, writeJson, type RunStore, type Section } from '@selfsup/pretrain';
import { labelCurveSections, type LabelCurveRow } from '@selfsup/report';
import { basename, dirname, resolve } from 'node:path';
import type { Output } from '../output/output.ts';

/** What fine-tuning found, as the folder of the run keeps it: a file for each data that was learned from. */
export interface FineTuned {
  /** What was learned from, and what was classified, in short. */
  readonly train: string;
  readonly test: string;
  readonly rows: readonly LabelCurveRow[];
}

const FILE = /^fine-tune-.*\.json$/;

/** A file with the folder it lies in: `trec/train.txt`. */
export function shortName(path: string): string {
  const full = resolve(path);
  return [basename(dirname(full)), basename(full)].filter((part) => part !== '').join('/');
}

/** Keeps findings in the folder of a run; gives the name of the file. */
export async function keepFineTuned(store: RunStore, found: FineTuned & Readonly<Record<string, unknown>>): Promise<string> {
  const name = `fine-tune-${found.train.replace(/\.[^.]*$/, '').replace(/[^\w.]+/g, '-')}.json`;
  await writeJson(store, name, found);
  return name;
}

const isFineTuned = (value: unknown): value is FineTuned =>
  typeof value === 'object' && value !== null && 'train' in value && 'rows' in value && Array.isArray(value.rows);

/** The sections of a report on what the encoder of a run was fine-tuned to; files that are damaged are named and left out. */
export async function fineTunedSections(store: RunStore, output: Output): Promise<Section[]> {
  const sections: Section[] = [];
  for (const name of (await store.list()).filter((file) => FILE.test(file)).sort()) {
    try {
      const found: unknown = JSON.parse((await readText(store, name)) ?? '');
      if (!isFineTuned(found)) throw new Error('it holds no findings');
      sections.push(...labelCurveSections(found.rows, { title: `Fine-tuning on ${found.train}`, text: `Judged by ${found.test}.` }));
    } catch (error) {
      output.warn(`the report leaves out ${printable(name)}: ${printable(error instanceof Error ? error.message : String(error))}`);
    }
  }
  return sections;
}
