/** Says why `name` cannot name a package, a task or a file, or returns undefined when it can. */
export const whyNotAName = (name: string): string | undefined => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `\`${name}\` is not kebab-case: small letters, digits and single hyphens, a letter first`;
  if (/^(utils?|helpers?|common|types|misc|index|test)$/.test(name)) return `\`${name}\` says nothing about what is inside`;
  return undefined;
};

/** `masked-tokens` → `maskedTokens`. */
export const camelCase = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `masked-tokens` → `MaskedTokens`. */
export const pascalCase = (name: string): string => camelCase(`-${name}`);

/** `masked-tokens` → `Masked tokens`. */
export const titleCase = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`;
