/**
 * What data is called in the default name of a run's folder.
 *
 * @param data a path, a name, or an object in memory
 * @returns the last part of a path without its extension, or the name of the object; `data` where there is none
 */
export function nameOfData(data: unknown): string {
  const named = typeof data === 'object' && data !== null ? (data as { name?: unknown }).name : data;
  if (typeof named !== 'string') return 'data';
  const last = named
    .split(/[/\\]/)
    .filter((part) => part !== '')
    .at(-1);
  return last?.replace(/\..*$/, '') || 'data';
}
