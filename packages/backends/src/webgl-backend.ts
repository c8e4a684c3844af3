import * as tf from '@tensorflow/tfjs-core';
import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { SelfsupError } from '@selfsup/core';
import type { BackendSetup, PreparedBackend } from './backend-setup.ts';
import { guardWebgl, maxTensorBytes } from './guard-webgl.ts';
import { importBackend } from './import-backend.ts';
import { repairWebgl } from './repair-webgl.ts';

/** What adapters without a device call themselves. */
const SIMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;
/** Textures that nobody uses are kept for the next tensor up to this many bytes of all. */
const POOL_BYTES = 2 ** 30;

/** What a page has of WebGL. */
interface Device {
  /** As the driver calls it. */
  readonly renderer: string;
  readonly isSimulated: boolean;
  /** Whether it can draw into textures of 32-bit floats. */
  readonly hasFloat32: boolean;
}

/** Looks at the device and lets it go; undefined where there is no WebGL 2. */
function findDevice(): Device | undefined {
  const canvas =
    typeof OffscreenCanvas !== 'undefined'
      ? new OffscreenCanvas(1, 1)
      : typeof document !== 'undefined'
        ? document.createElement('canvas')
        : undefined;
  const gl = canvas?.getContext('webgl2');
  if (gl == null) return undefined;
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(gl.getParameter(names === null ? gl.RENDERER : names.UNMASKED_RENDERER_WEBGL));
  const hasFloat32 = gl.getExtension('EXT_color_buffer_float') !== null;
  gl.getExtension('WEBGL_lose_context')?.loseContext(); // browsers allow only some contexts at a time
  return { renderer, isSimulated: SIMULATED.test(renderer), hasFloat32 };
}

const refuse = (reason: string): SelfsupError => new SelfsupError('SELFSUP_BACKEND', `selectBackend: webgl cannot be used here: ${reason}`);

function assertFloat32(hasFloat32: boolean): void {
  if (!hasFloat32)
    throw refuse('the device computes with 16-bit floats only, in which small gradients become 0; choose webgpu, wasm or cpu');
}

/** Takes away a backend whose context is lost. */
function removeLostBackend(): void {
  const current = tf.engine().registry['webgl'] as MathBackendWebGL | undefined; // findBackend would start one
  if (current?.gpgpu.gl.isContextLost()) tf.removeBackend('webgl');
}

const prepared = new WeakSet<MathBackendWebGL>();

async function setUp(): Promise<PreparedBackend> {
  tf.enableProdMode();
  const device = findDevice();
  if (device === undefined)
    throw refuse(
      typeof OffscreenCanvas === 'undefined' && typeof document === 'undefined'
        ? 'WebGL is in browsers only; in Node choose webgpu, wasm or cpu'
        : 'this browser gives no WebGL 2 context; see its page about graphics (chrome://gpu, about:support), or choose wasm',
    );
  assertFloat32(device.hasFloat32);
  removeLostBackend();
  await importBackend('webgl', {
    package: '@tensorflow/tfjs-backend-webgl',
    load: () => import('@tensorflow/tfjs-backend-webgl'),
  });
  tf.env().set('SOFTWARE_WEBGL_ENABLED', true); // who names it gets it on a simulated device, too
  if (tf.env().getNumber('WEBGL_DELETE_TEXTURE_THRESHOLD') < 0) tf.env().set('WEBGL_DELETE_TEXTURE_THRESHOLD', POOL_BYTES);
  if (tf.env().getNumber('WEBGL_VERSION') !== 2) throw refuse('tfjs found no WebGL 2 context');
  assertFloat32(tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED'));
  if (!(await tf.setBackend('webgl'))) throw refuse('tfjs could not start its webgl backend');
  await tf.ready();
  const backend = tf.backend() as MathBackendWebGL;
  const maxTextureSize = tf.env().getNumber('WEBGL_MAX_TEXTURE_SIZE');
  if (!prepared.has(backend)) {
    guardWebgl(backend, maxTextureSize);
    repairWebgl(backend);
  }
  prepared.add(backend);
  const { renderer, isSimulated } = device;
  return {
    name: 'webgl',
    description: `webgl (${renderer}${isSimulated ? ', simulated on the CPU' : ''})`,
    limits: { maxTensorBytes: maxTensorBytes(maxTextureSize) },
  };
}

function reasonToSkip(): Promise<string> {
  const device = findDevice();
  const reason =
    device === undefined
      ? 'there is no WebGL 2 here'
      : device.isSimulated
        ? 'there is no graphics device, only one that the CPU simulates'
        : 'it trains from many small programs, and browsers take its device away without notice; name it where it is faster than wasm for you';
  return Promise.resolve(reason);
}

/** tfjs's WebGL backend of browsers, with its failures made loud and its epsilon mended. Only by name. */
export const webglSetup: BackendSetup = { name: 'webgl', reasonToSkip, setUp };
