import { SelfsupError } from '@selfsup/core';

/**
 * Joins what is connected by pairs, directly or through others.
 *
 * @param count how many there are, numbered from 0
 * @param pairs two numbers each, in [0, count)
 * @returns the groups of at least two, each ascending, in the order of their lowest numbers
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range
 * @remarks Union-find with path halving; the lowest number is the root, so the order of the pairs does not matter.
 */
export function connectedGroups(count: number, pairs: Iterable<{ readonly a: number; readonly b: number }>): number[][] {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const root = (of: number): number => {
    let at = of;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  for (const { a, b } of pairs) {
    for (const each of [a, b])
      if (!Number.isInteger(each) || each < 0 || each >= count)
        throw new SelfsupError('SELFSUP_OPTION', `connectedGroups: \`pairs\` must be integers in [0, ${count}), got ${each}`);
    const [first, second] = [root(a), root(b)];
    parent[Math.max(first, second)] = Math.min(first, second);
  }
  const groups = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const at = root(i);
    const group = groups.get(at);
    if (group) group.push(i);
    else groups.set(at, [i]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}
