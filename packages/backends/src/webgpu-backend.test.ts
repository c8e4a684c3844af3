import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import { afterAll, describe, expect, it } from 'vitest';
import { closeBackends } from './prepare-backend.ts';
import { proveBackend } from './prove-backend.ts';
import { selectBackend } from './select-backend.ts';
import { surveyBackends } from './survey-backends.ts';
import { webgpuSetup } from './webgpu-backend.ts';

await import('@tensorflow/tfjs-backend-webgpu');
/** The kernels of tfjs, before anything repairs them. */
const stock = new Map(tf.getKernelsForBackend('webgpu').map((config) => [config.kernelName, config]));

const against = await webgpuSetup.reasonToSkip!({});
const isSimulated = against?.includes('simulates a GPU on the processor') === true;
/** Why the tests on an adapter cannot run here. */
const absent = against === undefined || isSimulated ? undefined : against;

const deviceOf = () => (tf.backend() as WebGPUBackend).device;
const allocated = () => (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
const read = async (make: () => tf.Tensor): Promise<number[]> => {
  const tensor = tf.tidy(make);
  return [
    ...(await tensor.data().finally(() => {
      tensor.dispose();
    })),
  ];
};
const codeOf = (error: unknown) => (isSelfsupError(error) ? [error.code, error.message] : [error]);
const failure = (call: () => unknown) => {
  try {
    return [call()];
  } catch (error) {
    return codeOf(error);
  }
};

describe.skipIf(absent)(`the webgpu backend${absent === undefined ? '' : ` (left out: ${absent})`}`, () => {
  afterAll(async () => {
    await closeBackends();
    expect(tf.getBackend()).toBe('cpu'); // which was there before
  });

  it('is taken by its name, says what computes, and by itself only on a real adapter', async () => {
    const { description, limits } = await selectBackend({ prefer: 'webgpu' });
    expect(description).toMatch(
      isSimulated ? /^webgpu \(google swiftshader, simulated on the processor, \d+ fused kernels\)$/ : /^webgpu \((?!.*simulated)/,
    );
    const { maxBufferSize, maxStorageBufferBindingSize } = deviceOf().limits;
    expect(limits).toEqual({ maxTensorBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize) });
    const device = deviceOf();
    await selectBackend({ prefer: 'webgpu' });
    expect(deviceOf()).toBe(device); // what lies on it stays
  });

  it('outlives a survey while it is in use', async () => {
    const kept = tf.tidy(() => tf.square(tf.fill([300], 3)));
    const device = deviceOf();
    const [found] = await surveyBackends({ backends: [webgpuSetup], seconds: 0.001 });
    expect(found).toMatchObject({ name: 'webgpu', works: true });
    expect([tf.getBackend(), deviceOf()]).toEqual(['webgpu', device]);
    expect(await read(() => tf.slice(kept, [299], [1]))).toEqual([9]);
    kept.dispose();
  });

  it.each([
    ['AvgPoolGrad', 'the gradient of an average-pool over the edge wrongly: expected [0.25, 1.25, 1.75, 6.75], got [0.25, '],
    ['BatchMatMul', 'the product of long rows by a transposed matrix wrongly: expected [300, 2348, 4396, 6444], got ['],
  ])('is proved where tfjs alone computes wrongly, in %s', async (kernelName, message) => {
    const repaired = tf.getKernel(kernelName, 'webgpu');
    const use = (config: tf.KernelConfig) => {
      tf.unregisterKernel(kernelName, 'webgpu');
      tf.registerKernel(config);
    };
    use(stock.get(kernelName)!);
    try {
      await expect(proveBackend()).rejects.toThrow(`backend 'webgpu' computes ${message}`);
    } finally {
      use(repaired);
    }
  });

  it('divides the gradient of an average-pool by the part of the window in the image', async () => {
    // 2×2 pixels, windows of 3: each output is the mean of all four pixels, each weight 1 … 4 goes back in quarters
    const gradient = tf.grad((x) => tf.sum(tf.mul(tf.avgPool(x as tf.Tensor4D, 3, 1, 'same'), tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]))));
    expect(await read(() => gradient(tf.ones([1, 2, 2, 1])))).toEqual([2.5, 2.5, 2.5, 2.5]);
    const inside = tf.grad((x) => tf.sum(tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid')));
    expect(await read(() => inside(tf.ones([1, 2, 2, 1])))).toEqual([0.25, 0.25, 0.25, 0.25]);
    const depth = tf.grad((x) => tf.sum(tf.avgPool3d(x as tf.Tensor5D, [2, 1, 1], 1, 'same')));
    expect(await read(() => depth(tf.ones([1, 2, 1, 1, 1])))).toEqual([0.5, 1.5]);
  });

  it.each([
    ['a product of long rows', [64, 2304], [2304, 16]],
    ['a convolution of one image', [1, 8, 8, 256], [3, 3, 256, 16]],
    ['a convolution with a filter as large as the images', [20, 4, 4, 144], [4, 4, 144, 8]],
  ] as const)('computes %s with the same bits each time', async (_, left, right) => {
    const numbers = (shape: readonly number[], seed: number) =>
      tf.tensor(drawNormal(createRng(seed), tf.util.sizeFromShape([...shape])), [...shape]);
    const [a, b] = [numbers(left, 1), numbers(right, 2)] as [tf.Tensor4D, tf.Tensor4D];
    const compute = () => (a.rank === 2 ? tf.matMul(a, b) : tf.conv2d(a, b, 1, left[0] === 1 ? 'same' : 'valid'));
    const programs: string[] = [];
    const backend = tf.backend() as WebGPUBackend;
    const run = backend.runWebGPUProgram.bind(backend);
    backend.runWebGPUProgram = (program, ...rest) => {
      programs.push(program.shaderKey);
      return run(program, ...rest);
    };
    const first = await read(compute);
    backend.runWebGPUProgram = run;
    expect(programs.some((key) => /matMul/i.test(key))).toBe(true);
    expect(programs.filter((key) => /splitK/i.test(key))).toEqual([]); // adds by atomic operations, in any order
    expect(await read(compute)).toEqual(first);
    tf.dispose([a, b]);
  });

  it.each([1, 7, 11, 12, 45])('adds %i tensors', async (count) => {
    const terms = () => Array.from({ length: count }, (_, i) => tf.fill([3], 2 ** (i % 20)));
    const expected = Array.from({ length: count }, (_, i) => 2 ** (i % 20)).reduce((sum, x) => sum + x, 0);
    expect(await read(() => tf.addN(terms()))).toEqual([expected, expected, expected]);
  });

  it.each([[[1, 0]], [[0, 2, 1]], [[2, 0, 1]], [[3, 1, 0, 2]]])('transposes int32 and bool by %j', async (order) => {
    const shape = [40, 30, 3, 2].slice(0, order.length);
    const values = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => 2 ** 24 + i); // not all of them are float32
    const strides = tf.util.computeStrides(shape).concat(1);
    const sizes = order.map((_, axis) => order.slice(axis + 1).reduce((size, d) => size * shape[d]!, 1));
    const from = (i: number) => order.reduce((sum, d, axis) => sum + (Math.floor(i / sizes[axis]!) % shape[d]!) * strides[d]!, 0);
    const expected = Array.from(values, (_, i) => values[from(i)]!);
    expect(await read(() => tf.transpose(tf.tensor(values, shape, 'int32'), order))).toEqual(expected);
    const odd = tf.tidy(() =>
      tf.tensor(
        Uint8Array.from(values, (value) => value % 2),
        shape,
        'bool',
      ),
    );
    expect(await read(() => tf.transpose(odd, order))).toEqual(expected.map((value) => value % 2));
    expect(await read(() => tf.transpose(tf.cast(odd, 'float32'), order))).toEqual(expected.map((value) => value % 2));
    odd.dispose();
  });

  it.skipIf(typeof OffscreenCanvas !== 'undefined')('refuses to be read without waiting, and says what to do', () => {
    tf.tidy(() => {
      const known = tf.tensor1d([1, 2]);
      expect([...known.dataSync()]).toEqual([1, 2]); // nothing has run on it, it is still here
      const computed = tf.add(tf.fill([2], 1), known); // on the GPU; what is small and here is computed here
      expect(failure(() => computed.dataSync())).toEqual([
        'SELFSUP_BACKEND',
        'webgpu backend: data cannot be read without waiting; use `await tensor.data()` instead of `dataSync()` or `arraySync()`',
      ]);
    });
  });

  it('throws on a tensor over the limit of the device instead of computing zeros, and stays usable', async () => {
    const { maxBufferSize } = deviceOf().limits;
    const [code, message] = failure(() => tf.tidy(() => tf.fill([maxBufferSize / 4 + 1], 1)));
    expect(code).toBe('SELFSUP_MEMORY');
    expect(message).toMatch(/^webgpu backend: a tensor of \d+ bytes is too large, this GPU takes \d+ bytes at most; use a smaller batch/);
    expect(await read(() => tf.fill([2], 3))).toEqual([3, 3]);
  });

  it('does not grow with batches of ever new sizes', async () => {
    const MiB = 2 ** 20;
    const before = allocated();
    let sum = 0;
    for (let i = 0; i < 40; i++) {
      const values = new Float32Array(MiB + 1024 * i).fill(i);
      expect(await read(() => tf.slice(tf.tensor1d(values), [values.length - 1], [1]))).toEqual([i]);
      sum += values.byteLength;
    }
    expect(sum).toBeGreaterThan(160 * MiB);
    expect(allocated() - before).toBeLessThan(90 * MiB);
  });

  it('throws what the device reports at the next read and the next tensor, until it is set up anew', async () => {
    const kept = tf.fill([2], 1);
    deviceOf().createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
    const refused = await read(() => tf.add(kept, 1)).catch(codeOf);
    expect(refused[0]).toBe('SELFSUP_BACKEND');
    expect(refused[1]).toMatch(
      /refused a command \(Buffer size .* cannot be trusted; checkpoints are not affected: resume from the last one/,
    );
    expect(failure(() => tf.add(kept, 1))).toEqual(refused);
    kept.dispose();
    await selectBackend({ prefer: 'webgpu' });
    expect(await read(() => tf.fill([1], 2))).toEqual([2]);
  });

  it('tells a full memory from other errors', async () => {
    const error = new GPUOutOfMemoryError('Failed to allocate memory for buffer mapping');
    deviceOf().dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error, cancelable: true }));
    const [code, message] = await read(() => tf.fill([1], 1)).catch(codeOf);
    expect(code).toBe('SELFSUP_MEMORY');
    expect(message).toMatch(
      /has no memory left \(Failed to allocate .* resume from the last one, and use a smaller batch, image size or encoder$/,
    );
  });

  it.each(['reset', 'removeBackend'])('can be set up again after tfjs lost it: %s', async (how) => {
    const { description } = await selectBackend({ prefer: 'webgpu' });
    if (how === 'reset') tf.engine().reset();
    else tf.removeBackend('webgpu');
    expect((await selectBackend({ prefer: 'webgpu' })).description).toBe(description);
    expect(await read(() => tf.softmax(tf.fill([1, 4], 7)))).toEqual([0.25, 0.25, 0.25, 0.25]);
    await selectBackend({ prefer: 'cpu' }); // is there again for what comes after
    await selectBackend({ prefer: 'webgpu' });
  });

  it('throws after the loss of the device, and works after it is set up anew', async () => {
    await selectBackend({ prefer: 'webgpu' });
    const kept = tf.fill([2], 1);
    deviceOf().destroy();
    const lost = await kept.data().catch(codeOf);
    expect(lost[0]).toBe('SELFSUP_BACKEND');
    expect(lost[1]).toMatch(/the GPU was lost \(destroyed.*all tensors with it; checkpoints are not affected: resume from the last one/);
    expect(failure(() => tf.add(kept, 1))).toEqual(lost);
    kept.dispose();
    await selectBackend({ prefer: 'webgpu' });
    expect(await read(() => tf.fill([1], 5))).toEqual([5]);
  });
});

/** Runs a module in a process of its own; how it ended and what it wrote. */
function runAlone(script: string, { imports = [] as string[], env = {} } = {}) {
  const flags = [
    '--conditions=@selfsup/source',
    ...imports.flatMap((text) => ['--import', `data:text/javascript,${encodeURIComponent(text)}`]),
  ];
  const index = new URL('index.ts', import.meta.url).href;
  const text = `import { closeBackends, selectBackend } from ${JSON.stringify(index)}; ${script}`;
  return new Promise<{ code: number | null; out: string }>((resolve, reject) => {
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', text], { cwd, env: { ...process.env, ...env } });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('error', reject).on('close', (code) => {
      resolve({ code, out });
    });
  });
}
const showFailure = `await selectBackend({ prefer: 'webgpu' }).then(() => console.log('works'), (error) => console.log(error.code, error.message));`;
// as if it were not installed
const withoutPackage = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent("export const resolve = (name, context, next) => name === 'webgpu' ? Promise.reject(new Error('Cannot find package')) : next(name, context);"));`;

describe.runIf(process.features.typescript)('the webgpu backend in a process of its own', () => {
  it('says what to install', async () => {
    const { code, out } = await runAlone(showFailure, { imports: [withoutPackage] });
    expect([code, out]).toEqual([
      0,
      'SELFSUP_BACKEND selectBackend: WebGPU in Node comes from the package `webgpu`, which cannot be loaded (Cannot find package); run `npm install webgpu@0.6.2`\n',
    ]);
  });

  it.runIf(process.platform === 'linux')('says that there is no adapter, and what to install', async () => {
    const nowhere = { VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' };
    const { code, out } = await runAlone(showFailure, { env: nowhere });
    expect(code).toBe(0);
    expect(out).toMatch(/^SELFSUP_BACKEND selectBackend: WebGPU finds no adapter; (no Vulkan driver is installed; )?install the .*driver/);
  });

  it.skipIf(absent)('lets the process end', async () => {
    const again = `tf.removeBackend('webgpu'); await selectBackend({ prefer: 'webgpu' }); tf.engine().reset(); await selectBackend({ prefer: 'webgpu' });`;
    const script = `import * as tf from '@tensorflow/tfjs-core'; await selectBackend({ prefer: 'webgpu' }); ${again} await closeBackends(); console.log('closed', typeof navigator.gpu);`;
    expect(await runAlone(script)).toEqual({ code: 0, out: 'closed undefined\n' });
  });
});
