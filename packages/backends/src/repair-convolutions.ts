import type { TensorInfo } from '@tensorflow/tfjs-core';
import { repairKernel } from './repair-kernel.ts';
import type { Attrs } from './resampling-axes.ts';

const pairOf = (value: unknown): readonly [number, number] => (typeof value === 'number' ? [value, value] : (value as [number, number]));

/**
 * Pads at the end what `dy` reaches beyond the image: rounded up, `dimRoundingMode` adds outputs there, and tfjs does not tell the gradients.
 *
 * @param attrs of the gradient of a convolution, `pad` a number or a list (other pads know no rounding)
 * @param sizes height and width of image, window and gradient
 */
function padToTheEnd(attrs: Attrs, { image, window, dy }: Readonly<Record<'image' | 'window' | 'dy', readonly [number, number]>>): Attrs {
  const { pad, strides, dataFormat } = attrs;
  if (typeof pad === 'string') return attrs;
  const step = pairOf(strides);
  const first = dataFormat === 'NCHW' ? 2 : 1;
  const pads = Array.from({ length: 4 }, (_, d) => (Array.isArray(pad) ? [...pairOf(pad[d])] : d >= first && d < first + 2 ? [...pairOf(pad)] : [0, 0])); // prettier-ignore
  for (const i of [0, 1] as const) {
    const [before, after] = pads[first + i] as [number, number];
    const reached = (dy[i] - 1) * step[i] + window[i] - before - image[i];
    pads[first + i] = [before, Math.max(after, reached)];
  }
  return { ...attrs, pad: pads };
}

const planeOf = (shape: readonly number[], attrs: Attrs): readonly [number, number] =>
  attrs['dataFormat'] === 'NCHW' ? [shape[2]!, shape[3]!] : [shape[1]!, shape[2]!];

/** Gradients of convolutions, and the shapes of image and filter among what they get. */
const CONVOLUTIONS: Readonly<
  Record<string, (inputs: Readonly<Record<string, TensorInfo>>, attrs: Attrs) => [image: number[], filter: number[]]>
> = {
  Conv2DBackpropInput: ({ filter }, { inputShape }) => [inputShape as unknown as number[], filter!.shape],
  Conv2DBackpropFilter: ({ x }, { filterShape }) => [x!.shape, filterShape as unknown as number[]],
};

/**
 * Repairs the gradients of 2-D convolutions whose outputs are rounded up: the added outputs gave nothing back. Once; later calls do nothing.
 *
 * @param backendName a backend with tfjs's own kernels
 */
export function repairConvolutions(backendName: string): void {
  for (const [kernelName, shapesOf] of Object.entries(CONVOLUTIONS))
    repairKernel(kernelName, backendName, (stock) => ({ inputs, attrs = {}, backend }) => {
      const [image, filter] = shapesOf(inputs as Record<string, TensorInfo>, attrs);
      const sizes = { image: planeOf(image, attrs), window: [filter[0]!, filter[1]!], dy: planeOf(inputs['dy']!.shape, attrs) } as const;
      return stock.kernelFunc({ inputs, backend, attrs: padToTheEnd(attrs, sizes) });
    });
}
