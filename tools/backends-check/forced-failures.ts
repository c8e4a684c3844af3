// What must fail aloud: forced for real, in a process or page of its own, with what must be said.

/** One failure that is forced. */
export interface ForcedFailure {
  /** As force-failure.ts and the page know it. */
  readonly name: string;
  /** What is forced, for the table. */
  readonly what: string;
  /** What must be said. */
  readonly says: RegExp;
  /** The environment that it needs; the rest is that of the backends. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What was said when a failure was forced. */
export interface FailureFinding {
  readonly what: string;
  /** `Node 24.21.0` or `Chromium 156.0`. */
  readonly platform: string;
  readonly date: string;
  /** Absent where it could not be forced. */
  readonly said?: string;
  /** Why it could not be forced. */
  readonly skipped?: string;
}

const NOWHERE = '/nowhere.json';
const GOES_ON = ' ⟶ resumed from its checkpoint, the run has the losses of an undisturbed run$';
const COMES_BACK = /^trains again, with the same losses$/;

/** In Node. */
export const failuresInNode: readonly ForcedFailure[] = [
  { name: 'no webgpu package', what: 'webgpu: the package `webgpu` is not installed', says: /run `npm install webgpu@/ },
  {
    name: 'no adapter',
    what: 'webgpu: no adapter',
    says: /SELFSUP_BACKEND .*WebGPU finds no adapter; .*install the/,
    env: { VK_ICD_FILENAMES: NOWHERE, VK_DRIVER_FILES: NOWHERE },
  },
  {
    name: 'device lost',
    what: 'webgpu: the device is lost in the middle of a run',
    says: new RegExp(`^SELFSUP_BACKEND webgpu backend: the GPU was lost .*resume from the last one.*${GOES_ON}`),
  },
  {
    name: 'tensor too large',
    what: 'webgpu: a tensor over the limit of the device, in the middle of a run',
    says: new RegExp(`^SELFSUP_MEMORY webgpu backend: a tensor of \\d+ bytes is too large, this GPU takes \\d+ bytes.*${GOES_ON}`),
  },
  {
    name: 'heap full',
    what: 'wasm: the heap of 4 GiB is full in the middle of a run, which goes on with `batchSize` 4',
    says: /^SELFSUP_MEMORY wasm backend: no memory for .*go on with .*resume.* and .*batchSize.* ⟶ resumed from its checkpoint, the run makes the same updates in passes of 4$/,
  },
  {
    name: 'wrong path',
    what: 'wasm: a `wasmPath` where the files are not',
    says: /^SELFSUP_BACKEND .*could not be loaded from .*\(there is no such file\); serve tfjs-backend-wasm\.wasm, .*With Vite: /,
  },
  { name: 'path without slash', what: 'wasm: a right `wasmPath` without its slash at the end', says: /^computes on wasm$/ },
  {
    name: 'no binary',
    what: 'tensorflow: tfjs-node without its binary',
    says: /^SELFSUP_BACKEND .*has no native part \(tfjs_binding\.node\).*Run `npm rebuild @tensorflow\/tfjs-node`.*build-tensorflow/,
  },
  { name: 'two copies', what: 'two copies of tfjs-core in one process', says: /^trains with both, with the losses of a single copy$/ },
  {
    name: 'no gradients',
    what: 'no gradients are registered',
    says: /^SELFSUP_BACKEND createTrainer: tfjs knows no gradients here.*Call `await selectBackend\(\)`/,
  },
  ...['wasm', 'webgpu', 'tensorflow', 'cpu'].flatMap((backend) => [
    { name: `reset ${backend}`, what: `${backend}: \`tf.engine().reset()\`, then \`selectBackend\``, says: COMES_BACK },
    { name: `remove ${backend}`, what: `${backend}: \`tf.removeBackend()\`, then \`selectBackend\``, says: COMES_BACK },
  ]),
];

/** In a page. */
export const failuresInPage: readonly ForcedFailure[] = [
  {
    name: 'device lost',
    what: 'webgpu: the GPU process of the browser crashes in the middle of a run',
    says: new RegExp(`^SELFSUP_BACKEND webgpu backend: the GPU was lost .*resume from the last one.*${GOES_ON}`),
  },
  {
    name: 'context lost',
    what: 'webgl: the context is lost in the middle of a run',
    says: new RegExp(`^SELFSUP_BACKEND webgl backend: the browser took the graphics context away.*${GOES_ON}`),
  },
  {
    name: 'wrong path',
    what: 'wasm: a `wasmPath` where the files are not',
    says: /^SELFSUP_BACKEND .*could not be loaded from http.*\(HTTP 404\); serve tfjs-backend-wasm\.wasm, .*With Vite: /,
  },
  { name: 'path without slash', what: 'wasm: a right `wasmPath` without its slash at the end', says: /^computes on wasm$/ },
  ...['wasm', 'webgl', 'webgpu'].flatMap((backend) => [
    { name: `reset ${backend}`, what: `${backend}: \`tf.engine().reset()\`, then \`selectBackend\``, says: COMES_BACK },
    { name: `remove ${backend}`, what: `${backend}: \`tf.removeBackend()\`, then \`selectBackend\``, says: COMES_BACK },
  ]),
];

/** In a page of a browser that gives no adapter. */
export const failuresWithoutAdapter: readonly ForcedFailure[] = [
  {
    name: 'no adapter',
    what: 'webgpu: no adapter',
    says: /^SELFSUP_BACKEND .*(WebGPU finds no adapter; switch hardware acceleration on|there is no WebGPU here)/,
  },
];

/** Why a finding is none that was expected; undefined where it is. */
export const notAsExpected = ({ says }: ForcedFailure, { said = '', skipped }: FailureFinding): string | undefined =>
  skipped !== undefined || says.test(said) ? undefined : `said ${JSON.stringify(said)}`;
