import * as tf from '@tensorflow/tfjs-core';

/** The part of tfjs's engine that is watched. */
interface WatchedEngine {
  trackTensor: (tensor: tf.Tensor, backend: unknown) => void;
  runKernelFunc: (params: { kernelName?: string }) => tf.Tensor | tf.Tensor[];
}

/** Tensors since the tracing began. Internal. */
export interface TensorTrace {
  /** The number of the next tensor: what is made from now on comes after it. */
  mark(): number;
  /** What is not disposed and was made after a mark, in words: `float32 [4, 3] made by MatMul`, at most three of them. */
  alive(mark?: number): string;
  /** Ends the tracing. */
  stop(): void;
}

/** Notes for every tensor which operation made it. Internal. */
export function traceTensors(): TensorTrace {
  const engine = tf.engine() as unknown as WatchedEngine;
  const { trackTensor, runKernelFunc } = engine;
  const made: tf.Tensor[] = [];
  const by = new Map<tf.Tensor, string>();
  engine.trackTensor = (tensor, backend) => {
    made.push(tensor);
    trackTensor.call(engine, tensor, backend);
  };
  engine.runKernelFunc = (params) => {
    const outputs = runKernelFunc.call(engine, params);
    // a composed operation comes after the kernels that it runs: theirs are the names to keep
    for (const tensor of [outputs].flat()) if (params.kernelName && !by.has(tensor)) by.set(tensor, params.kernelName);
    return outputs;
  };
  const describeTensor = (tensor: tf.Tensor): string => {
    const origin = tensor instanceof tf.Variable ? 'a variable' : by.has(tensor) ? `made by ${by.get(tensor)!}` : 'made from values';
    return `${tensor.dtype} [${tensor.shape.join(', ')}] ${origin}`;
  };
  return {
    mark: () => made.length,
    alive(mark = 0) {
      const left = made.slice(mark).filter((tensor) => !tensor.isDisposed);
      const shown = left.slice(0, 3).map(describeTensor);
      return left.length > 3 ? `${shown.join('; ')}; and ${left.length - 3} more` : shown.join('; ');
    },
    stop() {
      engine.trackTensor = trackTensor;
      engine.runKernelFunc = runKernelFunc;
    },
  };
}
