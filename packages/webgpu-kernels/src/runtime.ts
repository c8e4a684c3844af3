import { SelfsupError } from '@selfsup/core';
import { env, util, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { uniformsOf, wgslOf, type NumberType, type Program } from './program.ts';
import type { WebgpuBackend } from './webgpu-backend.ts';

/** What a program is run on. */
export interface Dispatch {
  /** In the order of the program's inputs. */
  readonly inputs: readonly TensorInfo[];
  /** In the order of the program's outputs; not empty. */
  readonly outputs: readonly TensorInfo[];
  /** The program's own uniforms. */
  readonly uniforms: Readonly<Record<string, number>>;
  /** Workgroups, any number. */
  readonly groups: number;
}

/** Programs on the device of one backend. */
export interface Runtime {
  /** A new, uninitialized float32 tensor. Throws `SELFSUP_MEMORY` where the device has no buffer of that size. */
  output(shape: readonly number[]): TensorInfo;
  /** Records a program in the backend's queue. */
  dispatch(program: Program, on: Dispatch): void;
  /** Whether the numbers of a tensor lie on the device already. tfjs computes with small ones on the CPU where they do not. */
  isOnDevice(tensor: TensorInfo): boolean;
  /** Frees a tensor made inside a kernel, as soon as what was recorded has run. */
  release(tensor: TensorInfo): void;
}

/** A kernel as this package writes it: inputs and attributes in, one or more tensors out; nothing where the stock kernel is to do it. */
export type Kernel = (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo | TensorInfo[] | undefined;
/** Kernels by name. */
export type KernelTable = Readonly<Record<string, Kernel>>;

const BYTES = 4;
const ALIGNMENT = 16;
const CONVERT_THREADS = 256;

// GPUBufferUsage is a global of browsers and of the `webgpu` package; its numbers are part of the standard
const UNIFORM = 0x40;
const COPY_DST = 0x08;

/** Workgroups in up to three dimensions: `count` of them or a few more. */
export function spread(count: number, limit: number): [number, number, number] {
  if (count <= limit) return [count, 1, 1];
  const side = Math.ceil(Math.sqrt(count));
  if (side <= limit) return [side, Math.ceil(count / side), 1];
  return [limit, limit, Math.ceil(count / limit / limit)];
}

/** tfjs casts integers to float32 by a new name for the same buffer. */
const converter = (from: 'i32'): Program => ({
  name: `selfsup convert ${from}`,
  inputs: { x: from },
  outputs: ['y'],
  uniforms: { size: 'u32' },
  threads: CONVERT_THREADS,
  body: `
  let i = group * ${CONVERT_THREADS}u + thread;
  if (i < u.size) { y[i] = f32(x[i]); }`,
});

/** Binds the programs to a backend. */
export function createRuntime(backend: WebgpuBackend): Runtime {
  const { device, queue } = backend;
  const pipelines = new Map<string, GPUComputePipeline>();

  function pipelineOf(program: Program): GPUComputePipeline {
    let pipeline = pipelines.get(program.name);
    if (!pipeline) {
      const module = device.createShaderModule({ code: wgslOf(program), label: program.name });
      pipeline = device.createComputePipeline({ compute: { module, entryPoint: 'main' }, label: program.name, layout: 'auto' });
      pipelines.set(program.name, pipeline);
    }
    return pipeline;
  }

  function uniformBuffer(program: Program, values: Readonly<Record<string, number>>): GPUBuffer {
    const fields = uniformsOf(program);
    const bytes = Math.ceil((fields.length * BYTES) / ALIGNMENT) * ALIGNMENT;
    const view = new DataView(new ArrayBuffer(bytes));
    fields.forEach(([name, type], i) => {
      const value = values[name]!;
      if (type === 'f32') view.setFloat32(i * BYTES, value, true);
      else if (type === 'i32') view.setInt32(i * BYTES, value, true);
      else view.setUint32(i * BYTES, value, true);
    });
    const buffer = backend.bufferManager.acquireBuffer(bytes, COPY_DST | UNIFORM);
    queue.writeBuffer(buffer, 0, view.buffer, 0, bytes);
    backend.uniformPendingDisposal.push(buffer);
    return buffer;
  }

  function record(program: Program, { inputs, outputs, uniforms, groups }: Dispatch): void {
    const tensors = [...inputs, ...outputs];
    for (const { dataId } of tensors) backend.uploadToGPU(dataId);
    const everywhere = { groups, nan: NaN, infinity: Infinity };
    const buffers = [
      ...tensors.map(({ dataId }) => backend.tensorMap.get(dataId).resource as GPUBuffer),
      uniformBuffer(program, { ...everywhere, ...uniforms }),
    ];
    const pipeline = pipelineOf(program);
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    for (const { dataId } of tensors) backend.commandQueueOwnedIds.add(dataId);
    backend.ensureCommandEncoderReady();
    const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...spread(groups, device.limits.maxComputeWorkgroupsPerDimension));
    backend.dispatchCountInPass++;
    if (backend.dispatchCountInPass >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
  }

  const runtime: Runtime = {
    output(shape) {
      const bytes = util.sizeFromShape([...shape]) * BYTES;
      const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
      if (bytes > most) {
        throw new SelfsupError(
          'SELFSUP_MEMORY',
          `webgpu-kernels: a tensor of shape [${shape.join(', ')}] takes ${bytes} bytes, more than the ${most} of the device's largest buffer; ` +
            'use a smaller batch, image or model',
        );
      }
      const tensor = backend.makeTensorInfo([...shape], 'float32');
      if (bytes === 0) backend.tensorMap.get(tensor.dataId).values = new Float32Array(0);
      else backend.uploadToGPU(tensor.dataId);
      return tensor;
    },
    isOnDevice: (tensor) => backend.tensorMap.get(tensor.dataId).resource != null,
    release(tensor) {
      backend.disposeData(tensor.dataId);
    },
    dispatch(program, { inputs, ...rest }) {
      const made: TensorInfo[] = [];
      const types = Object.values<NumberType>(program.inputs);
      const read = inputs.map((tensor, i) => {
        const isInteger = backend.tensorMap.get(tensor.dataId).dtype !== 'float32';
        if (types[i] !== 'f32' || !isInteger) return tensor;
        const size = util.sizeFromShape(tensor.shape);
        const converted = runtime.output(tensor.shape);
        made.push(converted);
        const groups = Math.ceil(size / CONVERT_THREADS);
        record(converter('i32'), { inputs: [tensor], outputs: [converted], uniforms: { size }, groups });
        return converted;
      });
      record(program, { inputs: read, ...rest });
      for (const tensor of made) runtime.release(tensor);
    },
  };
  return runtime;
}

/** Allocates float32 outputs of these shapes, all or none, then fills them. Without a first output that has values nothing is filled. */
export function produce(runtime: Runtime, shapes: readonly (readonly number[])[], fill: (outputs: TensorInfo[]) => void): TensorInfo[] {
  const made: TensorInfo[] = [];
  try {
    for (const shape of shapes) made.push(runtime.output(shape));
    fill(made);
  } catch (error) {
    for (const tensor of made) runtime.release(tensor);
    throw error;
  }
  return made;
}

/** Runs `use` with scratch of so many float32 numbers. */
export function withScratch(runtime: Runtime, size: number, use: (scratch: TensorInfo) => void): void {
  const scratch = runtime.output([size]);
  try {
    use(scratch);
  } finally {
    runtime.release(scratch);
  }
}
