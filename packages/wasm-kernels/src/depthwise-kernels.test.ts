import { backend_util } from '@tensorflow/tfjs-core';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

function geometry(random: () => number) {
  const x = [integer(random, 1, 3), integer(random, 4, 9), integer(random, 4, 9), integer(random, 1, 11)];
  const filter = [integer(random, 1, 3), integer(random, 1, 3), x[3]!, pick(random, [1, 1, 2, 3])];
  const dilated = random() < 0.3;
  const attrs = {
    strides: dilated ? [1, 1] : [integer(random, 1, 3), integer(random, 1, 3)],
    dilations: dilated ? [integer(random, 1, 3), integer(random, 1, 2)] : [1, 1],
    pad: dilated ? 'same' : pick(random, ['same', 'valid']),
  };
  const y = backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as [number, number],
    attrs.dilations as [number, number],
    attrs.pad as 'same',
    undefined,
    true,
  ).outShape;
  return { x, filter, attrs, y };
}

describeKernel('depthwise input gradient', 'DepthwiseConv2dNativeBackpropInput', (random) => {
  const { x, filter, attrs, y } = geometry(random);
  // The cpu backend ignores dilations here: compare what it computes, and test dilations against the definition below.
  const plain = { ...attrs, dilations: [1, 1] };
  return { inputs: { dy: signedValues(random, y), filter: signedValues(random, filter) }, attrs: { ...plain, inputShape: x } };
});

describeKernel('depthwise filter gradient', 'DepthwiseConv2dNativeBackpropFilter', (random) => {
  const { x, filter, attrs, y } = geometry(random);
  const plain = { ...attrs, dilations: [1, 1] };
  return { inputs: { x: signedValues(random, x), dy: signedValues(random, y) }, attrs: { ...plain, filterShape: filter } };
});

/** Visits every product of the depthwise convolution. */
function visit({ x, filter, attrs }: ReturnType<typeof geometry>, body: (x: number, w: number, y: number) => void): number[] {
  const g = backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as [number, number],
    attrs.dilations as [number, number],
    attrs.pad as 'same',
    undefined,
    true,
  );
  const multiplier = filter[3]!;
  for (let n = 0; n < g.batchSize; n++)
    for (let oh = 0; oh < g.outHeight; oh++)
      for (let ow = 0; ow < g.outWidth; ow++)
        for (let i = 0; i < g.filterHeight; i++)
          for (let j = 0; j < g.filterWidth; j++) {
            const h = oh * g.strideHeight - g.padInfo.top + i * g.dilationHeight;
            const w = ow * g.strideWidth - g.padInfo.left + j * g.dilationWidth;
            if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
            for (let c = 0; c < g.outChannels; c++)
              body(
                ((n * g.inHeight + h) * g.inWidth + w) * g.inChannels + Math.floor(c / multiplier),
                (i * g.filterWidth + j) * g.outChannels + c,
                ((n * g.outHeight + oh) * g.outWidth + ow) * g.outChannels + c,
              );
          }
  return g.outShape;
}

describeKernel('depthwise input gradient, dilated, against float64', 'DepthwiseConv2dNativeBackpropInput', (random) => {
  const shapes = geometry(random);
  const inputs = { dy: signedValues(random, shapes.y), filter: signedValues(random, shapes.filter) };
  const dx = new Float64Array(shapes.x.reduce((a, b) => a * b, 1));
  visit(shapes, (x, w, y) => (dx[x]! += inputs.dy.values[y]! * inputs.filter.values[w]!));
  return { inputs, attrs: { ...shapes.attrs, inputShape: shapes.x }, expected: [dx] };
});

describeKernel('depthwise filter gradient, dilated, against float64', 'DepthwiseConv2dNativeBackpropFilter', (random) => {
  const shapes = geometry(random);
  const inputs = { x: signedValues(random, shapes.x), dy: signedValues(random, shapes.y) };
  const dw = new Float64Array(shapes.filter.reduce((a, b) => a * b, 1));
  visit(shapes, (x, w, y) => (dw[w]! += inputs.x.values[x]! * inputs.dy.values[y]!));
  return { inputs, attrs: { ...shapes.attrs, filterShape: shapes.filter }, expected: [dw] };
});
