import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from './tensorflow-backend.ts';

/** A kernel as tfjs calls it. */
export type Kernel = (
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap,
  backend: TensorflowBackend,
) => TensorInfo | TensorInfo[];
/** Kernels by their name. */
export type KernelTable = Readonly<Record<string, Kernel>>;
