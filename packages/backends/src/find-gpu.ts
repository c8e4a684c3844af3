import { SelfsupError } from '@selfsup/core';

/** The way to WebGPU, and what gives it back. */
export interface FoundGpu {
  readonly gpu: GPU;
  /** Puts it where tfjs looks for it. */
  install(): void;
  /** Takes it away again: in Node the process ends only then. */
  remove(): void;
}

/** The version of the package `webgpu` that is known to load on current systems: 0.5 and 0.6.1 ask for a newer libstdc++ than Debian 12 has. */
const TESTED_PACKAGE = 'webgpu@0.6.2';

interface DawnPackage {
  readonly create: (flags: readonly string[]) => GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

const processHere = (): NodeJS.Process | undefined => {
  const node = (globalThis as { process?: NodeJS.Process }).process;
  return node?.versions?.node && typeof node.getBuiltinModule === 'function' ? node : undefined;
};

/** Whether tfjs can read tensors without waiting: only with a canvas. */
export const isInNode = (): boolean => processHere() !== undefined;

/** Where the Vulkan loader finds the descriptions of drivers on Linux; empty where there are none. */
function vulkanDrivers(node: NodeJS.Process): readonly string[] {
  const { env } = node;
  const fs = node.getBuiltinModule('node:fs');
  const named = [env['VK_DRIVER_FILES'], env['VK_ICD_FILENAMES'], env['VK_ADD_DRIVER_FILES']].flatMap((list) => list?.split(':') ?? []);
  const roots = [env['XDG_CONFIG_HOME'] ?? `${env['HOME'] ?? ''}/.config`, env['XDG_DATA_HOME'] ?? `${env['HOME'] ?? ''}/.local/share`];
  const shared = (env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(':');
  const folders = [...roots, '/etc/xdg', '/usr/local/etc', '/etc', ...shared].map((root) => `${root}/vulkan/icd.d`);
  const listed = folders.flatMap((folder) => {
    try {
      return fs.readdirSync(folder).map((file) => `${folder}/${file}`);
    } catch {
      return [];
    }
  });
  return [...named, ...listed].filter((file) => file !== '' && fs.existsSync(file));
}

/** Why a look for an adapter would find none; the look itself writes warnings on the standard error then. */
export function whyNoDriver(): string | undefined {
  const node = processHere();
  const own = typeof navigator === 'undefined' ? undefined : (navigator as { gpu?: GPU }).gpu;
  if (node?.platform !== 'linux' || (own && !installed)) return undefined;
  if (vulkanDrivers(node).length > 0) return undefined;
  return 'no Vulkan driver is installed; install the one of the GPU (NVIDIA and AMD bring it with theirs, Debian has mesa-vulkan-drivers)';
}

const missing = (cause: unknown) =>
  new SelfsupError(
    'SELFSUP_BACKEND',
    `selectBackend: WebGPU in Node comes from the package \`webgpu\`, which cannot be loaded (${(cause as Error).message.split('\n')[0]}); run \`npm install ${TESTED_PACKAGE}\``,
    { cause },
  );

/** Loads Dawn, the WebGPU of Chromium, from the package `webgpu`. */
async function loadDawn(): Promise<FoundGpu> {
  const name = 'webgpu'; // in a variable: bundlers must not look for it
  const { create, globals } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name).catch((cause: unknown) => {
    throw missing(cause);
  })) as DawnPackage;
  const gpu = create([]);
  const found: FoundGpu = {
    gpu,
    install() {
      installed = found;
      Object.assign(globalThis, globals);
      if (typeof navigator === 'undefined')
        Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true });
      Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true, writable: true });
    },
    remove() {
      installed = undefined;
      if (navigator.gpu === gpu) Reflect.deleteProperty(navigator, 'gpu');
    },
  };
  return found;
}

/** What has been put in place in Node; nothing else may hold it, or the process does not end. */
let installed: FoundGpu | undefined;

const nothing = () => undefined;

/**
 * Finds WebGPU: the page's own, or in Node that of the package `webgpu`.
 *
 * @throws SelfsupError `SELFSUP_BACKEND` with the cure where there is none
 */
export async function findGpu(): Promise<FoundGpu> {
  if (installed) return installed;
  const own = typeof navigator === 'undefined' ? undefined : (navigator as { gpu?: GPU }).gpu;
  if (own) return { gpu: own, install: nothing, remove: nothing };
  if (isInNode()) return loadDawn();
  const secure = (globalThis as { isSecureContext?: boolean }).isSecureContext !== false;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    `selectBackend: there is no WebGPU here; ${secure ? 'use a current Chrome, Edge, Firefox or Safari' : 'serve the page over https or from localhost'}`,
  );
}
