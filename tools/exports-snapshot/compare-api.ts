/** The declarations in the text of an API file, by their first words. */
const declarationsOf = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  let entry = '';
  for (const block of text.split('\n\n')) {
    if (block.startsWith('## ')) entry = block.slice(3);
    const code = block.replace(/^```ts\n/, '').replace(/\n```\n?$/, '');
    const name = /^export (?:abstract )?\w+ (\w+|\{.*)/.exec(code)?.[0];
    if (name) found.set(`${entry}: ${name}`, code);
  }
  return found;
};

/** One line for each declaration that came, went or changed between two texts of {@link readApi}; empty when they agree. */
export const compareApi = (saved: string, found: string): readonly string[] => {
  const [before, after] = [declarationsOf(saved), declarationsOf(found)];
  const lines = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
    if (!after.has(name)) return [`${name}: gone`];
    if (!before.has(name)) return [`${name}: new`];
    return before.get(name) === after.get(name) ? [] : [`${name}: changed`];
  });
  return lines.length > 0 || saved === found ? lines : ['the text around the declarations changed'];
};
