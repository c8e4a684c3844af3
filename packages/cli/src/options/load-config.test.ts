import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-config-'));
const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('loadConfig', () => {
  it('loads a typed config that imports selfsup, from outside of any installation', async () => {
    const path = write(
      'selfsup.config.ts',
      `import { defineRun, type RunConfig } from 'selfsup';
       const config: RunConfig = defineRun({ data: 'shapes', epochs: 2, views: () => () => [] });
       export default config;`,
    );
    const config = await loadConfig(path);
    expect(config).toMatchObject({ data: 'shapes', epochs: 2 });
    expect(typeof config.views).toBe('function');
  });

  it.each([
    ['unknown.ts', 'export default { epoch: 2 };', 'has an unknown field `epoch`'],
    ['nothing.ts', 'export const config = {};', 'must have a default export|unknown field'],
    ['list.ts', 'export default [];', 'must have a default export'],
    ['views.ts', 'export default { views: 3 };', '`views` in .* must be a function'],
    ['optimizer.ts', 'export default { optimizer: 3 };', '`optimizer` in .* must be a function'],
    ['broken.ts', 'throw new Error("out of order");', 'does not load: out of order'],
  ])('refuses %s', async (name, text, message) => {
    await expect(loadConfig(write(name, text))).rejects.toThrow(new RegExp(message));
  });

  it('takes the name of an optimizer as well as a function', async () => {
    expect(await loadConfig(write('named.ts', "export default { optimizer: 'lars' };"))).toEqual({ optimizer: 'lars' });
    expect(typeof (await loadConfig(write('made.ts', 'export default { optimizer: () => ({}) };'))).optimizer).toBe('function');
  });

  it('refuses a file that is not there', async () => {
    await expect(loadConfig(join(folder, 'none.ts'))).rejects.toThrow('there is no file');
  });
});
