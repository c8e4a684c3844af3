import type { TypedArray } from '@tensorflow/tfjs-core';
import { printable, printableValue } from '@selfsup/core';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isNumbers = (value: unknown): value is TypedArray => ArrayBuffer.isView(value) && !(value instanceof DataView);

/**
 * Where two values differ, such as `input.mean[0]`; undefined where they do not. What is undefined counts as absent. Internal.
 *
 * @param first the one value
 * @param second the other
 * @param path how the values are called
 */
export function differenceOf(first: unknown, second: unknown, path: string): string | undefined {
  if (Object.is(first, second)) return undefined;
  if (isNumbers(first) && isNumbers(second) && first.constructor === second.constructor) {
    if (first.length !== second.length) return `${path}.length`;
    for (let i = 0; i < first.length; i++) if (!Object.is(first[i], second[i])) return `${path}[${i}]`;
    return undefined;
  }
  if (Array.isArray(first) && Array.isArray(second)) {
    if (first.length !== second.length) return `${path}.length`;
    for (const [i, value] of first.entries()) {
      const found = differenceOf(value, second[i], `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(first) || !isRecord(second)) return path;
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const found = differenceOf(first[name], second[name], `${path}.${printable(name, { maxLength: 40 })}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Where a value is something that JSON does not hold, such as `input.mean: a Float32Array`; undefined where there is nothing of the kind. Internal.
 *
 * @param value the value
 * @param path how it is called
 */
export function notOfJson(value: unknown, path: string): string | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path}: ${value}`;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const found = item === undefined ? `${path}[${i}]: undefined` : notOfJson(item, `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(value)) {
    const name = typeof value === 'object' ? (value.constructor as { name?: string } | undefined)?.name : undefined;
    return `${path}: ${name === undefined ? printableValue(value) : `a ${name}`}`;
  }
  for (const [name, item] of Object.entries(value)) {
    const found = notOfJson(item, `${path}.${printable(name, { maxLength: 40 })}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
