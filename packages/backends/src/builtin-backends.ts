import type { BackendSetup } from './backend-setup.ts';
import { cpuSetup } from './cpu-backend.ts';
import { wasmSetup } from './wasm-backend.ts';

/** The backends that selfsup brings, in the order in which `auto` tries them. */
export const builtinBackends: readonly BackendSetup[] = [wasmSetup, cpuSetup];
