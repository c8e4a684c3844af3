import { InvalidArgumentError } from 'commander';

/** Reads a whole number or two such as `1-3` from the command line. */
export function parseRange(text: string): number | [number, number] {
  const [, least, greatest] = /^(\d+)(?:-(\d+))?$/.exec(text.trim()) ?? [];
  if (least === undefined) throw new InvalidArgumentError('It must be a whole number, or two such as 1-3.');
  return greatest === undefined ? Number(least) : [Number(least), Number(greatest)];
}

/** Reads a number from the command line. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
