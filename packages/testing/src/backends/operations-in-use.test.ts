// The list of checked operations is complete: whatever the packages call of tfjs, and every operation of core, is on it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { operations } from './operations/all.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const checked = new Set(operations.map(({ name }) => name));

/** What computes nothing on a backend, or is made of operations that are checked. */
const NO_OPERATIONS = new Set(
  `backend clone customGrad dispose enableProdMode engine env findBackend getBackend getGradient getKernel grad grads keep memory ready registerBackend
   registerKernel removeBackend setBackend tensor tensor1d tensor2d tensor3d tensor4d tensor5d scalar tidy truncatedNormal unregisterKernel util
   valueAndGrads variable variableGrads version_core serialization layers image fused concat1d concat2d linspace buffer browser train sequential
   randomUniform input`.split(/\s+/),
);

/** Files of operations that hold none, or one that not every backend can run: a collective reads at once, which WebGPU cannot. */
const NOT_CHECKED = ['run-kernel.ts', 'batch-norm-passes.ts', 'synchronized-batch-norm.ts'];

/** The sources of a package, without tests and without comments. */
function sourcesOf(name: string): string {
  const folder = join(packages, name, 'src');
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts') && !file.includes('.test.'));
  return files
    .map((file) =>
      readFileSync(join(folder, file), 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/\/\/.*$/gm, ''),
    ) // prettier-ignore
    .join('\n');
}

describe('backendChecks', () => {
  it.each(['core', 'losses', 'encoders', 'augment', 'optim', 'pretext-tasks', 'trainer', 'evaluate', 'data', 'pretrain'])(
    'checks every operation of tfjs that %s calls',
    (name) => {
      const called = [...sourcesOf(name).matchAll(/\btf\.((?:image\.|fused\.)?[a-z]\w*)/g)].map(([, operation]) => operation!);
      const missing = [...new Set(called)].filter((operation) => !checked.has(operation) && !NO_OPERATIONS.has(operation));
      expect(missing).toEqual([]);
    },
  );

  it('checks every operation of core', () => {
    const folder = join(packages, 'core/src/ops');
    const files = readdirSync(folder).filter((file) => !file.includes('.test.') && !NOT_CHECKED.includes(file));
    const exported = files.flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/^export function (\w+)/gm)].map(([, name]) => name!),
    );
    expect(exported.length).toBeGreaterThan(10);
    expect(exported.filter((name) => !checked.has(name))).toEqual([]);
  });
});
