import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';

/** A generated source as the formatter of this repository leaves it. */
export async function formatted(text) {
  return format(text, { ...(await resolveConfig(fileURLToPath(import.meta.url))), parser: 'typescript' });
}
