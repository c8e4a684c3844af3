import type { BackendSetup } from './backend-setup.ts';
import { cpuSetup } from './cpu-backend.ts';
import { tensorflowSetup } from './tensorflow-backend.ts';
import { wasmSetup } from './wasm-backend.ts';
import { webglSetup } from './webgl-backend.ts';
import { webgpuSetup } from './webgpu-backend.ts';

/** The backends that selfsup brings, in the order in which `auto` tries them. */
export const builtinBackends: readonly BackendSetup[] = [tensorflowSetup, webgpuSetup, wasmSetup, webglSetup, cpuSetup];
