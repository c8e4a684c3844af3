/**
 * Whether data from outside are nested more deeply than what anybody writes: functions that call themselves for each level, `JSON.stringify` among them, run out of
 * stack on such.
 *
 * @param value what `JSON.parse` gave, or anything else; circles are nested without end
 * @param levels how many levels of lists and objects are right
 * @returns true when there is a list or object below them
 * @example
 * ```ts
 * import { isNestedDeeper } from '@selfsup/core';
 * console.log(isNestedDeeper({ a: [[1]] }, 2)); // true
 * ```
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  const isContainer = (part: unknown): part is object => typeof part === 'object' && part !== null;
  let level: readonly object[] = [value].filter(isContainer);
  for (let depth = 0; depth < levels && level.length > 0; depth++)
    level = [...new Set(level.flatMap((part) => (Object.values(part) as unknown[]).filter(isContainer)))]; // each once: circles stay small
  return level.length > 0;
}
