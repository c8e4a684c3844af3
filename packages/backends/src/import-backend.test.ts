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

  it('finds a backend that belongs to another copy of tfjs-core', async () => {
    // a module that is there and registers nothing with our copy
    const load = () => import('node:path');
    await expect(importBackend('webgpu', { package: '@tensorflow/tfjs-backend-webgpu', load })).rejects.toThrow(
      /registered its webgpu backend with another copy of @tensorflow\/tfjs-core than the one that selfsup uses \(4\.22\.0\); keep one copy/,
    );
  });

  it('returns what it imported', async () => {
    const { setWasmPaths } = await importBackend('wasm', {
      package: '@tensorflow/tfjs-backend-wasm',
      load: () => import('@tensorflow/tfjs-backend-wasm'),
    });
    expect(setWasmPaths).toBeTypeOf('function');
  });
});
