// What is missing is said before anything is compiled; the compilation itself is tools/backends' matter, which has a TensorFlow.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildTensorflowBinding } from './build-tensorflow-binding.ts';
import { findLibtensorflow } from './find-libtensorflow.ts';

describe('buildTensorflowBinding', () => {
  let folder: string;
  const file = async (...path: string[]): Promise<void> => {
    await mkdir(join(folder, ...path, '..'), { recursive: true });
    await writeFile(join(folder, ...path), '');
  };
  const wheel = async (...at: string[]): Promise<void> => {
    for (const name of ['c_api.h', 'kernels.h', 'ops.h']) await file(...at, 'include/tensorflow/c', name);
    for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) await file(...at, name);
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selfsup-build-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('finds the libraries of a wheel, from its folder and the one above', async () => {
    await wheel('tensorflow');
    const expected = {
      include: join(folder, 'tensorflow/include'),
      libraries: join(folder, 'tensorflow'),
      files: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join(folder, 'tensorflow', name)),
      hasKernelHeaders: true,
    };
    expect(findLibtensorflow(folder)).toEqual(expected);
    expect(findLibtensorflow(join(folder, 'tensorflow'))).toEqual(expected);
  });

  it('finds those of a release of libtensorflow, and prefers the name that programs ask for', async () => {
    await file('include/tensorflow/c/c_api.h');
    for (const name of ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.15.0']) await file('lib', name);
    expect(findLibtensorflow(folder)).toEqual({
      include: join(folder, 'include'),
      libraries: join(folder, 'lib'),
      files: [join(folder, 'lib/libtensorflow.so.2')],
      hasKernelHeaders: false,
    });
  });

  it('says what the folder lacks', async () => {
    const build = (libtensorflow: string) => buildTensorflowBinding({ libtensorflow });
    await expect(build(join(folder, 'none'))).rejects.toThrow(/`libtensorflow`: .*none does not exist\. Give the folder of a Python wheel/);
    await expect(build(folder)).rejects.toThrow(/has no include\/tensorflow\/c\/c_api\.h/);
    await file('include/tensorflow/c/c_api.h');
    await expect(build(folder)).rejects.toThrow(/has headers and no libtensorflow_cc or libtensorflow/);
    await file('x.whl');
    await expect(build(join(folder, 'x.whl'))).rejects.toMatchObject({
      code: 'SELFSUP_OPTION',
      message: expect.stringContaining('is a file; unpack it first') as string,
    });
  });

  it('says which tool is missing, and leaves nothing behind', async () => {
    await wheel();
    const tfjsNode = join(folder, 'tfjs-node');
    const build = (more: object) => buildTensorflowBinding({ libtensorflow: folder, tfjsNode, ...more });
    await expect(build({})).rejects.toThrow(/tfjs-node is no folder of @tensorflow\/tfjs-node: it has no package\.json/);
    await mkdir(tfjsNode);
    await writeFile(join(tfjsNode, 'package.json'), '{}');
    await expect(build({ compiler: 'no-such-compiler' })).rejects.toThrow(
      'buildTensorflowBinding: no C++ compiler answers to no-such-compiler; install one (Debian and Ubuntu: `apt-get install g++`',
    );
    // `true` answers to everything as a compiler would
    await expect(build({ compiler: 'true', nodeHeaders: folder })).rejects.toThrow(
      /no node_api\.h in .*; run `npm install --save-dev node-api-headers`, or name the folder with `nodeHeaders`/,
    );
  });

  it('shows what the compiler says', async () => {
    await wheel();
    await file('headers/node_api.h');
    const tfjsNode = join(folder, 'tfjs-node');
    await mkdir(tfjsNode);
    await writeFile(join(tfjsNode, 'package.json'), '{}');
    const steps: string[] = [];
    const options = { libtensorflow: folder, tfjsNode, nodeHeaders: join(folder, 'headers') };
    const compiler = join(folder, 'compiler.sh');
    await writeFile(compiler, '#!/bin/sh\n[ "$1" = --version ] || { echo "tensorflow/c/eager/c_api.h: no such file" >&2; exit 1; }\n', {
      mode: 0o755,
    });
    await expect(buildTensorflowBinding({ ...options, compiler, onProgress: ({ now }) => steps.push(now) })).rejects.toThrow(
      /tfjs_backend\.cc does not compile against this TensorFlow:\ntensorflow\/c\/eager\/c_api\.h: no such file/,
    );
    expect(steps).toEqual(['tfjs_backend.cc']);
  });
});
