import { SelfsupError } from '@selfsup/core';

interface NodeModules {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:path': typeof import('node:path');
}

/** One of Node's own modules, without an import that bundlers for the browser would follow. Internal. */
export function nodeModule<Name extends keyof NodeModules>(who: string, name: Name): NodeModules[Name] {
  const load = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process?.getBuiltinModule;
  if (!load)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `${who}: needs Node >= 20.19 for files; in the browser keep the bytes of trainer.save() yourself`,
    );
  return load(name) as NodeModules[Name];
}
