import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { SelfsupError, isSelfsupError } from '@selfsup/core';
import type { BackendOptions, BackendSetup, PreparedBackend } from './backend-setup.ts';
import { findGpu, isInNode, whyNoDriver } from './find-gpu.ts';
import { importPackage } from './import-backend.ts';
import { guardOf, guardWebgpu } from './guard-webgpu.ts';
import { repairTransposes, repairWebgpu } from './repair-webgpu.ts';
import { isSoftwareAdapter, nameAdapter } from './software-adapter.ts';

/** What the kernels may use where the adapter has it. */
const FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'bgra8unorm-storage', 'subgroups'];
/** Devices have the least of these unless more is asked for. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeInvocationsPerWorkgroup',
] as const;

const requestAdapter = (gpu: GPU) => gpu.requestAdapter({ powerPreference: 'high-performance' });

async function reasonToSkip(): Promise<string | undefined> {
  const noDriver = whyNoDriver();
  if (noDriver !== undefined) return noDriver;
  try {
    const { gpu } = await findGpu();
    const adapter = await requestAdapter(gpu);
    if (!adapter) return noAdapter();
    return isSoftwareAdapter(adapter.info)
      ? `its only adapter (${nameAdapter(adapter.info)}) simulates a GPU on the processor, slower than wasm`
      : undefined;
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    return error.message.replace(/^selectBackend: /, '');
  }
}

const noAdapter = (): string =>
  `WebGPU finds no adapter; ${whyNoDriver() ?? (isInNode() ? 'install the driver of the GPU (on Linux its Vulkan driver and libvulkan1); what Dawn printed says what an installed one lacks' : 'switch hardware acceleration on in the settings of the browser, and see chrome://gpu')}`;

/** A device of the adapter with all that it can. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const limits = LIMITS.filter((name) => adapter.limits[name] !== undefined).map((name) => [name, adapter.limits[name]] as const);
  return adapter.requestDevice({
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(limits),
  });
}

/** The backend of an earlier set-up, unless something went wrong on it. */
function soundBackend(): WebGPUBackend | undefined {
  const backend = tf.engine().registry['webgpu'] as WebGPUBackend | undefined;
  return backend && guardOf(backend)?.failure() === undefined ? backend : undefined;
}

/** The backends that were opened and not closed: `tf.removeBackend` and `tf.engine().reset()` forget them, and their devices live on. */
const opened = new Set<WebGPUBackend>();

function removeBackends(): void {
  if (tf.findBackendFactory('webgpu') != null) tf.removeBackend('webgpu');
  for (const backend of opened) {
    guardOf(backend)?.ignore();
    backend.device.destroy();
  }
  opened.clear();
}

const WEBGPU = { package: '@tensorflow/tfjs-backend-webgpu', load: () => import('@tensorflow/tfjs-backend-webgpu') };

/** Opens a device on the adapter, and tfjs's backend on the device. */
async function openBackend(gpu: GPU): Promise<void> {
  const { WebGPUBackend: Backend } = await importPackage('webgpu', WEBGPU); // we register it ourselves
  const adapter = await requestAdapter(gpu);
  if (!adapter) throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: ${noAdapter()}`);
  const device = await requestDevice(adapter).catch((cause: unknown) => {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `selectBackend: the GPU (${nameAdapter(adapter.info)}) gives no device: ${(cause as Error).message}`,
      { cause },
    );
  });
  adapters.set(device, adapter.info);
  removeBackends(); // of before, and tfjs's own factory, which knows neither these limits nor that there may be no adapter
  tf.registerBackend('webgpu', () => new Backend(device, adapter.info), 3);
}

/** The adapter of each device. */
const adapters = new WeakMap<GPUDevice, GPUAdapterInfo>();

function describe(device: GPUDevice, kernels: string): string {
  const info = adapters.get(device) ?? (device as { adapterInfo?: GPUAdapterInfo }).adapterInfo;
  const simulated = info && isSoftwareAdapter(info) ? ['simulated on the processor'] : [];
  return `webgpu (${[info ? nameAdapter(info) : 'a GPU', ...simulated, kernels].join(', ')})`;
}

/** Puts the fused kernels in, where they are installed: tfjs's own compute the same from more programs. */
async function addTrainingKernels(): Promise<string> {
  const kernels = await import('@selfsup/webgpu-kernels').catch(() => undefined);
  if (!kernels) return 'stock kernels; `npm install @selfsup/webgpu-kernels` makes it faster';
  return (await kernels.registerTrainingKernels()).description;
}

async function setUp({ trainingKernels = true }: BackendOptions): Promise<PreparedBackend> {
  tf.enableProdMode();
  const found = await findGpu();
  found.install();
  try {
    if (!soundBackend()) await openBackend(found.gpu);
    if (!(await tf.setBackend('webgpu')))
      throw new SelfsupError('SELFSUP_BACKEND', 'selectBackend: tfjs could not start its webgpu backend');
    await tf.ready();
    repairWebgpu();
  } catch (error) {
    found.remove();
    throw error;
  }
  const backend = tf.backend() as WebGPUBackend;
  opened.add(backend);
  if (!guardOf(backend)) {
    guardWebgpu(backend, { canReadSync: typeof OffscreenCanvas !== 'undefined' });
    repairTransposes(backend);
  }
  const { maxTensorBytes } = guardOf(backend)!;
  const kernels = trainingKernels ? await addTrainingKernels() : 'stock kernels';
  return {
    name: 'webgpu',
    description: describe(backend.device, kernels),
    limits: { maxTensorBytes },
    async close() {
      const isCurrent = tf.engine().backendName === 'webgpu';
      removeBackends();
      found.remove();
      const [other] = Object.keys(tf.engine().registry); // tfjs is left without a current one otherwise, and can ask for none without waiting
      if (isCurrent && other !== undefined) await tf.setBackend(other);
    },
  };
}

/** WebGPU: the graphics card of this machine, in a page or through the package `webgpu` in Node. `auto` leaves simulated ones alone. */
export const webgpuSetup: BackendSetup = { name: 'webgpu', reasonToSkip, setUp };
