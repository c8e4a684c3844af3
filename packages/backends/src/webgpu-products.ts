// Products that tfjs's webgpu backend would cut into parts.
import {
  backend_util,
  env,
  util,
  type Conv2DAttrs,
  type KernelConfig,
  type KernelFunc,
  type NamedAttrMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** The number by which tfjs knows its program for products with few outputs. */
const SMALL_OUTPUT = 2;
/** From this length on it takes another one. */
const LONG = 2000;

type Shape4D = [number, number, number, number];
type ConvolutionAttrs = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dilations' | 'dimRoundingMode'>;

/** A product of matrices: how many, and the sizes of each. */
interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Numbers in each of the rows that are multiplied. */
  readonly length: number;
}

/** Whether tfjs would cut the rows of a product into parts, by the rule of its `batchMatMulImpl`. */
function isCut({ batch, rows, columns, length }: Product, { thresholdToIncreaseWorkgroups: few }: WebGPUBackend): boolean {
  const tiles = Math.ceil(rows / 32) * Math.ceil(columns / 32);
  return batch === 1 && length >= LONG && rows * columns > 128 && tiles <= few * (rows <= 8 ? 2 : 1);
}

/**
 * Products of long rows into few outputs go to a program of tfjs that reads a transposed second matrix the wrong way, and adds up its parts by atomic
 * operations, in an order that changes from run to run. They take the one for shorter rows instead: the same bits each time.
 */
const uncut =
  (productOf: (inputs: Readonly<Record<string, TensorInfo>>, attrs: NamedAttrMap) => Product) =>
  (stock: KernelConfig): KernelFunc =>
  ({ inputs, attrs = {}, backend }) => {
    const product = productOf(inputs as Record<string, TensorInfo>, attrs);
    if (!isCut(product, backend as WebGPUBackend)) return stock.kernelFunc({ inputs, attrs, backend });
    const flag = 'WEBGPU_MATMUL_PROGRAM_TYPE';
    const before = env().getNumber(flag);
    env().set(flag, SMALL_OUTPUT);
    try {
      return stock.kernelFunc({ inputs, attrs, backend });
    } finally {
      env().set(flag, before);
    }
  };

/** BatchMatMul and _FusedMatMul. */
export const uncutProduct = uncut((inputs, attrs) => {
  const [a, b] = [inputs['a']!.shape, inputs['b']!.shape];
  const [rows, length] = attrs['transposeA'] ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const batch = Math.max(util.sizeFromShape(a.slice(0, -2)), util.sizeFromShape(b.slice(0, -2)));
  return { batch, rows, length, columns: attrs['transposeB'] ? b.at(-2)! : b.at(-1)! };
});

/** Conv2D and FusedConv2D, of which tfjs makes products of matrices: one product for each image, or of all images where the filter is as large as they are. */
export const uncutConvolution = uncut((inputs, attrs) => {
  const [x, filter] = [inputs['x']!.shape as Shape4D, inputs['filter']!.shape as Shape4D];
  const { strides, pad, dilations, dimRoundingMode } = attrs as unknown as ConvolutionAttrs;
  const dataFormat = backend_util.convertConv2DDataFormat((attrs['dataFormat'] as 'NHWC' | undefined) ?? 'NHWC');
  const info = backend_util.computeConv2DInfo(x, filter, strides, dilations, pad, dimRoundingMode, false, dataFormat);
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth, outChannels, padInfo } = info;
  const isLast = dataFormat === 'channelsLast';
  const length = filterHeight * filterWidth * inChannels;
  const isWhole = isLast && filterHeight === inHeight && filterWidth === inWidth && padInfo.type === 'VALID';
  if (isWhole) return { batch: 1, rows: batchSize, columns: outChannels, length };
  const places = outHeight * outWidth;
  return { batch: batchSize, length, ...(isLast ? { rows: places, columns: outChannels } : { rows: outChannels, columns: places }) };
});
