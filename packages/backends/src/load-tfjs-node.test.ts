import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTfjsNode, importTfjsNode, type TfjsNodePackage } from './load-tfjs-node.ts';

// Packages as npm leaves them, each with the failure that users meet.
const FAILURES: readonly { name: TfjsNodePackage; throws: string; says: string }[] = [
  {
    name: '@tensorflow/tfjs-node',
    throws:
      "The Node.js native addon module (tfjs_binding.node) can not be found at path: /app/lib/napi-v8/tfjs_binding.node. \nPlease run command 'npm rebuild @tensorflow/tfjs-node --build-addon-from-source'",
    says: 'has no native part (tfjs_binding.node): npm did not run its install script, or that could not download it. Run `npm rebuild @tensorflow/tfjs-node`',
  },
  {
    name: '@tensorflow/tfjs-node-gpu',
    throws: 'libcudart.so.11.0: cannot open shared object file: No such file or directory',
    says: 'cannot load libcudart.so.11.0: as published it needs CUDA 11.2 with cuDNN 8.1.',
  },
  {
    name: '@tensorflow/tfjs-node-gpu',
    throws: 'libcudnn.so.8: cannot open shared object file: No such file or directory',
    says: 'cannot load libcudnn.so.8: as published it needs CUDA 11.2',
  },
  {
    name: '@tensorflow/tfjs-node',
    throws: 'libtensorflow_cc.so.2: cannot open shared object file: No such file or directory',
    says: 'cannot load libtensorflow_cc.so.2: the folder of TensorFlow was moved or deleted. Build it again: `npx selfsup backends build-tensorflow --libtensorflow FOLDER`',
  },
  {
    name: '@tensorflow/tfjs-node',
    throws: "/lib/libc.so.6: version `GLIBC_2.38' not found",
    says: "does not load: /lib/libc.so.6: version `GLIBC_2.38' not found. Reinstall it, or build it",
  },
];

describe('loading tfjs-node', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selfsup-tfjs-node-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const install = async (name: TfjsNodePackage, code: string): Promise<void> => {
    const place = join(folder, 'node_modules', name);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
    await writeFile(join(place, 'index.js'), code);
  };

  it('finds neither package in an empty folder, and prefers the one with a GPU', async () => {
    expect(findTfjsNode([`${folder}/`])).toBeUndefined();
    await install('@tensorflow/tfjs-node', '');
    expect(findTfjsNode([`${folder}/`])?.name).toBe('@tensorflow/tfjs-node');
    await install('@tensorflow/tfjs-node-gpu', '');
    expect(findTfjsNode([`${folder}/`])?.name).toBe('@tensorflow/tfjs-node-gpu');
  });

  it.each(FAILURES)('$throws', async ({ name, throws, says }) => {
    await install(name, `throw new Error(${JSON.stringify(throws)});`);
    const found = findTfjsNode([`${folder}/`])!;
    await expect(importTfjsNode(found, { threads: 1 })).rejects.toMatchObject({
      code: 'SELFSUP_BACKEND',
      message: expect.stringContaining(`selectBackend: ${name} ${says}`) as string,
    });
  });

  it('gives back what Node 23 took from node:util before it imports', async () => {
    await install(
      '@tensorflow/tfjs-node',
      "if (!require('util').isNullOrUndefined(null) || !require('util').isArray([])) throw new Error('no');",
    );
    await expect(importTfjsNode(findTfjsNode([`${folder}/`])!, { threads: 1 })).resolves.toBeUndefined();
  });
});
