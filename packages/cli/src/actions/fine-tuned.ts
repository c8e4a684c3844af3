import { printable, SelfsupError } from '@selfsup/core';
import { fromCheckedJson, keptSections, readText, writeChecked, type RunStore, type Section } from '@selfsup/pretrain';
import { classifierFolder, listClassifiers, runFolder } from '@selfsup/pretrain/node';
import { labelCurveSections, type LabelCurveRow } from '@selfsup/report';
import { basename, dirname, resolve } from 'node:path';

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
  await writeChecked(store, name, found);
  return name;
}

const isFineTuned = (value: object): value is FineTuned =>
  'train' in value && 'test' in value && 'rows' in value && Array.isArray(value.rows);

/**
 * The sections of a report on what the encoder of a run was fine-tuned to.
 *
 * @param store where the run is kept
 * @returns one for each data that was learned from
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming a file that is damaged
 */
export async function fineTunedSections(store: RunStore): Promise<Section[]> {
  const sections: Section[] = [];
  for (const file of (await store.list()).filter((name) => FILE.test(name)).sort()) {
    const name = printable(`${store.name}/${file}`);
    const advice = 'restore it, or remove it and fine-tune again';
    const found = fromCheckedJson((await readText(store, file)) ?? '', { name, advice });
    if (!isFineTuned(found)) throw new SelfsupError('SELFSUP_CHECKPOINT', `${name} holds no findings of fine-tuning; ${advice}`);
    sections.push(...labelCurveSections(found.rows, { title: `Fine-tuning on ${found.train}`, text: `Judged by ${found.test}.` }));
  }
  return sections;
}

/**
 * The sections of a report on the classifiers of a run.
 *
 * @param run its folder
 * @returns those of each, with its name before the titles
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming a file that is damaged
 */
export async function classifierReports(run: string): Promise<Section[]> {
  const sections: Section[] = [];
  for (const name of await listClassifiers(run)) {
    const own = await keptSections(runFolder(classifierFolder(run, name)));
    sections.push(
      ...own.map((section) => ({ ...section, title: section.title ? `Classifier ${name}: ${section.title}` : `Classifier ${name}` })),
    );
  }
  return sections;
}
