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
  /**
   * How many threads compute on wasm, the calling one included; the results are the same bit by bit. `auto` (default) takes the physical cores that the
   * process may use; in a worker of `node:worker_threads` it takes 1. Where threads cannot start, one computes and `description` says why: in a page that is
   * not cross-origin isolated, or on the main thread of any page, which may not wait (train in a Web Worker). From 1 to 256.
   */
  threads?: 'auto' | number;
  /**
   * Whether wasm computes with vectors of 256 bits, up to twice as fast and with the same bits: in Node 24 and newer on x64. It needs an experimental flag of
   * V8 that holds for the whole process. `auto` switches it on and proves the gain in 0.2 s, else goes without and says why in `description`; in Node 22 and
   * 23 it tries `--turboshaft-wasm` instead, the compiler that later versions use by themselves. True insists on vectors of 256 bits; false (default) leaves
   * all flags alone.
   */
  wideVectors?: 'auto' | boolean;
}

/** One backend: imports it, makes it current, repairs it. Throws a `SELFSUP_BACKEND` error with the cure when it cannot. */
export type BackendSetup = (options: BackendOptions) => Promise<BackendDetails>;
