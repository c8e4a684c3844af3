import type { VariableMap } from './module.ts';
import { SelfsupError } from './error.ts';

/**
 * Puts several variable maps under their prefixes into one: `{ backbone: { 'conv1/kernel': v } }` gives `{ 'backbone/conv1/kernel': v }`.
 *
 * @param maps variable maps by prefix
 * @returns one map, in the given order
 */
export function joinVariables(maps: Readonly<Record<string, VariableMap>>): VariableMap {
  const entries = Object.entries(maps).flatMap(([prefix, map]) =>
    Object.entries(map).map(([path, variable]) => [`${prefix}/${path}`, variable] as const),
  );
  return Object.fromEntries(entries);
}

/**
 * Copies values from one variable map to another of the same paths and shapes.
 *
 * @param from the variables to read
 * @param to the variables to overwrite
 * @throws SelfsupError `SELFSUP_SHAPE` naming the first path that is missing on a side or has another shape
 */
export function copyVariables(from: VariableMap, to: VariableMap): void {
  for (const path of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [source, target] = [from[path], to[path]];
    if (!source || !target)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `copyVariables: \`${path}\` exists only in ${source ? '`from`' : '`to`'}; both networks must be built alike`,
      );
    if (source.shape.join() !== target.shape.join())
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `copyVariables: \`${path}\` must have shape [${source.shape.join(', ')}], got [${target.shape.join(', ')}]`,
      );
  }
  for (const [path, source] of Object.entries(from)) to[path]!.assign(source);
}
