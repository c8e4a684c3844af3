import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { importBackend } from './import-backend.ts';

describe('importBackend', () => {
  it('says what to install', async () => {
    const name: string = 'no-such-package';
    const load = () => import(name);
    await expect(importBackend('webgpu', { package: '@tensorflow/tfjs-backend-webgpu', load })).rejects.toThrow(
      'selectBackend: the webgpu backend is not installed; run `npm install @tensorflow/tfjs-backend-webgpu`',
    );
  });

  it('says what may be where a package is there and tfjs does not know its backend', async () => {
    const load = () => import('node:path'); // which registers nothing
    await expect(importBackend('strange', { package: 'strange-backend', load })).rejects.toThrow(
      /strange-backend is imported, and yet @tensorflow\/tfjs-core 4\.22\.0 has no strange backend\. Was it removed with tf\.removeBackend\(\)\?.* another copy/,
    );
  });

  it('brings a backend back that was removed, at the same priority', async () => {
    const from = { package: '@tensorflow/tfjs-backend-cpu', load: () => import('@tensorflow/tfjs-backend-cpu') };
    await importBackend('cpu', from);
    const { priority } = tf.engine().registryFactory['cpu']!;
    tf.removeBackend('cpu');
    await importBackend('cpu', from);
    expect(tf.engine().registryFactory['cpu']!.priority).toBe(priority);
    expect(await tf.setBackend('cpu')).toBe(true);
  });

  it('has nothing to fear of a second copy of tfjs-core: they share one engine', () => {
    const require = createRequire(import.meta.url);
    const file = require.resolve('@tensorflow/tfjs-core');
    require(file);
    const first = require.cache[file];
    Reflect.deleteProperty(require.cache, file);
    try {
      const second = require(file) as typeof tf;
      expect(second.Tensor).not.toBe(tf.Tensor);
      expect(second.engine()).toBe(tf.engine());
      expect(second.getKernel('Add', 'cpu')).toBe(tf.getKernel('Add', 'cpu'));
      const sum = tf.tidy(() => tf.add(second.tensor1d([1, 2]), tf.tensor1d([3, 4])));
      expect([...sum.dataSync()]).toEqual([4, 6]);
      sum.dispose();
    } finally {
      require.cache[file] = first;
    }
  });

  it('returns what it imported', async () => {
    const { setWasmPaths } = await importBackend('wasm', {
      package: '@tensorflow/tfjs-backend-wasm',
      load: () => import('@tensorflow/tfjs-backend-wasm'),
    });
    expect(setWasmPaths).toBeTypeOf('function');
  });
});
