import { printable } from '@selfsup/core';

/**
 * Says what something is, for messages; never what it holds.
 *
 * @param value anything
 * @returns such as `a function`, `the text 'x'`, `an object with name, create`
 */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'no default export';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `the text '${printable(value, { maxLength: 40 })}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const names = Object.keys(value).slice(0, 8);
  return names.length === 0 ? 'an empty object' : `an object with ${names.map((name) => printable(name, { maxLength: 40 })).join(', ')}`;
}
