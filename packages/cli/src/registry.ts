import { SelfsupError } from '@selfsup/core';

/** Things by the name that the command line knows them by. */
export interface Registry<T> {
  /** All names, in the order of registration. */
  readonly names: readonly string[];
  /** The entry of that name; throws `SELFSUP_OPTION` with the known names otherwise. */
  get(name: string): T;
}

/**
 * Makes a registry.
 *
 * @param kind what the entries are, such as `task`; used in the error
 * @param entries the entries by name
 * @returns see {@link Registry}
 */
export function createRegistry<T>(kind: string, entries: Readonly<Record<string, T>>): Registry<T> {
  const names = Object.keys(entries);
  return {
    names,
    get(name) {
      if (!Object.hasOwn(entries, name)) throw new SelfsupError('SELFSUP_OPTION', `unknown ${kind} '${name}'; known: ${names.join(', ')}`);
      return entries[name]!;
    },
  };
}
