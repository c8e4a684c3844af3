/** The backends that selfsup prepares; webgl, webgpu and tensorflow follow. */
export type BackendName = 'wasm' | 'cpu';

/** What a prepared backend says of itself. */
export interface BackendDetails {
  /** The tfjs name of the backend in force. */
  readonly name: BackendName;
  /** One line for a person, such as `wasm, relaxed SIMD, 12 training kernels`. */
  readonly description: string;
}

/** Options that reach the set-up of each backend. */
export interface BackendOptions {
  /** The folder from which a browser gets the three .wasm files of tfjs-backend-wasm, such as `/tfjs/`; in Node they are found beside the package. */
  wasmPath?: string;
  /** False leaves the stock kernels of tfjs-backend-wasm alone; default true. */
  trainingKernels?: boolean;
  /** False computes 3×3 convolutions on wasm by plain sums, with less rounding and several times slower; default true. */
  winograd?: boolean;
}

/** One backend: imports it, makes it current, repairs it. Throws a `SELFSUP_BACKEND` error with the cure when it cannot. */
export type BackendSetup = (options: BackendOptions) => Promise<BackendDetails>;
