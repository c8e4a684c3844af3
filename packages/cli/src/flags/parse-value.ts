import { InvalidArgumentError } from 'commander';

/** Reads a number from the command line. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Reads numbers with commas between them, such as `0.1,0.01`. */
export function parseNumbers(text: string): number[] {
  return text.split(',').map((part) => {
    const value = part.trim() === '' ? NaN : Number(part);
    if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number, or several with commas between them.');
    return value;
  });
}

/** Reads names with commas between them, such as `rotation,blur`. */
export function parseNames(text: string): string[] {
  const names = text.split(',').map((part) => part.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be a name, or several with commas between them.');
  return names;
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Reads any value: JSON, a list such as `1,3`, or text without quotes. */
export function parseAny(text: string): unknown {
  const found = parseJson(text) ?? (text.includes(',') ? parseJson(`[${text}]`) : undefined);
  return found ? found.value : text;
}

/** Reads a list as {@link parseAny} does; a lone value is a list of one. */
export function parseList(text: string): unknown[] {
  const value = parseAny(text);
  return Array.isArray(value) ? value : [value];
}

/** Reads `name=value`, with the value as {@link parseAny} has it, and adds it to those before. */
export function parsePair(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value, such as queueSize=1024.');
  return { ...before, [text.slice(0, at).trim()]: parseAny(text.slice(at + 1)) };
}

/** Adds a value of a flag that can be repeated. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];
