/** Plurals whose singular is not the same word without an s. */
const ODD: Readonly<Record<string, string>> = { classes: 'class', batches: 'batch', patches: 'patch', queries: 'query', indices: 'index' };

/** The word that says what is counted: the last one, or the one before a description. */
const NOUN = /\S+(?=(?: (?:of|out|without|within|beside|that|to|in) .*)?$)/;

/**
 * Says how many there are of something: `1 text`, `1,500 texts`.
 *
 * @param count an integer ≥ 0
 * @param plural what is counted, such as `training images` or `links out of the folder`
 * @param singular of one; default without its `s`, of usual odd plurals such as `classes` as English has it
 * @returns the number with commas, and the word
 * @example
 * ```ts
 * import { countOf } from '@selfsup/core';
 * console.log(countOf(1, 'training images'), countOf(1500, 'classes')); // 1 training image 1,500 classes
 * ```
 */
export function countOf(count: number, plural: string, singular?: string): string {
  const one = singular ?? plural.replace(NOUN, (word) => ODD[word] ?? word.replace(/s$/, '')).replace(/^(\w+)s and /, '$1 or ');
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : plural}`;
}
