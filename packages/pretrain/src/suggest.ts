import { distance } from 'fastest-levenshtein';

/** Names as they are compared: `MoCo v3`, `moco-v3` and `mocov3` are one. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * The known name that a mistyped one most probably stands for.
 *
 * @param name as it was typed
 * @param known all names there are
 * @param aliases what else leads to them
 * @returns the nearest one, undefined where none is near
 */
export function nearestName(name: string, known: readonly string[], aliases: Readonly<Record<string, string>> = {}): string | undefined {
  const typed = plain(name);
  const meant = Object.entries(aliases).find(([alias]) => plain(alias) === typed)?.[1];
  if (meant !== undefined) return meant;
  const rated = known.map((candidate) => ({ candidate, cost: distance(typed, plain(candidate)) })).sort((a, b) => a.cost - b.cost);
  const best = rated[0];
  return best && best.cost <= Math.max(1, Math.floor(typed.length / 3)) ? best.candidate : undefined;
}

/** The end of an error about an unknown name: `; did you mean moco-v3? Known: …`. */
export function suggest(
  name: string,
  known: readonly string[],
  show: (name: string) => string = (text) => text,
  aliases: Readonly<Record<string, string>> = {},
): string {
  const near = nearestName(name, known, aliases);
  const list = known.map(show).join(', ');
  return `${near === undefined ? '' : `; did you mean ${show(near)}?`}${near === undefined ? '; known' : ' Known'}: ${list || 'none'}`;
}
