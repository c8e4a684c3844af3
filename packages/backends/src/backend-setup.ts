/** The backends that selfsup brings; plugins add others. */
export type BuiltinBackend = 'tensorflow' | 'webgpu' | 'wasm' | 'webgl' | 'cpu';
/** The name of a backend, as tfjs has it. */
// `string & {}` keeps the known names in an editor's suggestions
export type BackendName = BuiltinBackend | (string & {});

/** What a prepared backend says of itself. */
export interface BackendDetails {
  /** The tfjs name of the backend in force. */
  readonly name: BackendName;
  /** One line for a person, such as `wasm, relaxed SIMD, 12 training kernels`. */
  readonly description: string;
  /** What does not fit on it; absent where only memory limits it. */
  readonly limits?: BackendLimits;
}

/** What does not fit on a backend. */
export interface BackendLimits {
  /** The bytes of the largest tensor. */
  readonly maxTensorBytes?: number;
}

/** A backend after its set-up. */
export interface PreparedBackend extends BackendDetails {
  /** Frees what would keep the process alive; the backend is gone afterwards. Absent where nothing does. */
  close?(): void | Promise<void>;
}

/** Options that reach the set-up of each backend. */
export interface BackendOptions {
  /** The folder from which a browser gets the three .wasm files of tfjs-backend-wasm, such as `/tfjs/`; in Node they are found beside the package. */
  wasmPath?: string;
  /** False leaves the stock kernels of the backend alone (wasm, webgpu, tensorflow); default true. */
  trainingKernels?: boolean;
  /** False computes 3×3 convolutions on wasm by plain sums, with less rounding and several times slower; default true. */
  winograd?: boolean;
  /**
   * How many threads compute on wasm, the calling one included; the results are the same bit by bit. TensorFlow takes as many on the CPU, where the last
   * digits depend on their number. `auto` (default) takes the physical cores that the process may use; in a worker of `node:worker_threads` it takes 1. Where
   * threads cannot start, one computes and `description` says why: in a page that is not cross-origin isolated, or on the main thread of any page, which may
   * not wait (train in a Web Worker). From 1 to 256.
   */
  threads?: 'auto' | number;
  /**
   * Whether wasm computes with vectors of 256 bits, up to twice as fast and with the same bits: in Node 24 and newer on x64. It needs an experimental flag of
   * V8 that holds for the whole process. `auto` switches it on and proves the gain in 0.2 s, else goes without and says why in `description`; in Node 22 and
   * 23 it tries `--turboshaft-wasm` instead, the compiler that later versions use by themselves. True insists on vectors of 256 bits: on wasm with the training
   * kernels, which `prefer: 'auto'` then takes, and throws where they do not gain, on other backends, too; false (default) leaves all flags alone.
   */
  wideVectors?: 'auto' | boolean;
}

/** One backend: how it is found, made current and repaired. Plugins bring others of the same form. */
export interface BackendSetup {
  /** The tfjs name of the backend, such as `webgpu`. */
  readonly name: BackendName;
  /**
   * Why `auto` leaves it alone: not installed, no device, a device that is only simulated, slower here than what comes after it. Undefined when it may be
   * tried. It changes nothing that the backends after it would notice. Absent: `auto` tries it.
   */
  reasonToSkip?(options: BackendOptions): Promise<string | undefined>;
  /**
   * Imports it, makes it current, repairs it.
   *
   * @throws SelfsupError `SELFSUP_BACKEND` with the cure when it cannot
   */
  setUp(options: BackendOptions): Promise<PreparedBackend>;
}
