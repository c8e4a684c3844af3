import { SelfsupError, printable } from '@selfsup/core';
import { fromCheckedJson } from '../checked-json.ts';
import { readText, writeChecked, type RunStore } from '../run-store.ts';
import type { Section } from '../section.ts';
import { classifierFileNames } from './classifier-file.ts';
import type { TrainedClassifier } from './train-classifier.ts';

/**
 * Refuses a place in which there is a classifier already.
 *
 * @param store the folder of the classifier
 * @param options `overwrite`: it may be replaced; `way`: how to say so, such as `--overwrite`
 * @throws SelfsupError `SELFSUP_OPTION` when there is one
 */
export async function assertNoClassifier(store: RunStore, { overwrite = false, way }: { overwrite?: boolean; way: string }): Promise<void> {
  if (overwrite || !(await store.list()).some((name) => name === classifierFileNames.weights || name === classifierFileNames.description))
    return;
  throw new SelfsupError('SELFSUP_OPTION', `there is a classifier in ${printable(store.name)} already; ${way}`);
}

/**
 * Keeps a classifier: `classifier.safetensors`, `classifier.json`, and the sections of its report in `sections.json`.
 *
 * @param store the folder of the classifier, such as `runFolder('runs/x/classifiers/few')`; what is there is replaced
 * @param trained from `trainClassifier`
 * @param sections what its report shows
 */
export async function keepClassifier(store: RunStore, trained: TrainedClassifier, sections: readonly Section[] = []): Promise<void> {
  const { weights, description, sections: file } = classifierFileNames;
  await store.write(weights, trained.bytes);
  await writeChecked(store, description, trained.description);
  await writeChecked(store, file, { sections });
}

/**
 * The sections of the report of a kept classifier.
 *
 * @param store the folder of the classifier
 * @returns none where there are none
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the file is damaged
 */
export async function keptSections(store: RunStore): Promise<readonly Section[]> {
  const text = await readText(store, classifierFileNames.sections);
  if (text === undefined) return [];
  const name = printable(`${store.name}/${classifierFileNames.sections}`);
  const content = fromCheckedJson(text, { name, advice: 'restore it, or make the classifier again' });
  return 'sections' in content && Array.isArray(content.sections) ? (content.sections as Section[]) : [];
}
