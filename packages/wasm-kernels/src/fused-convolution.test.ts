import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

describeKernel('FusedConv2D', 'FusedConv2D', (random) => {
  const channels = integer(random, 1, 9);
  const columns = integer(random, 1, 11);
  const kernel = integer(random, 1, 3);
  const activation = pick(random, ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu']);
  return {
    inputs: {
      x: signedValues(random, [integer(random, 1, 2), integer(random, 3, 8), integer(random, 3, 8), channels]),
      filter: signedValues(random, [kernel, kernel, channels, columns]),
      ...(random() < 0.8 && { bias: signedValues(random, [columns]) }),
      ...(activation === 'prelu' && { preluActivationWeights: signedValues(random, [columns]) }),
    },
    attrs: {
      strides: [integer(random, 1, 2), integer(random, 1, 2)],
      pad: pick(random, ['same', 'valid']),
      dilations: [1, 1],
      dataFormat: 'NHWC',
      activation,
      leakyreluAlpha: 0.3,
    },
  };
});

// The cpu backend has NCHW too; both gradients and the forward pass turn it to channels last and back.
const nchw = (random: () => number) => {
  const x = [integer(random, 1, 2), integer(random, 1, 7), integer(random, 3, 7), integer(random, 3, 7)];
  const filter = [integer(random, 1, 3), integer(random, 1, 3), x[1]!, integer(random, 1, 9)];
  const y = [x[0]!, filter[3]!, x[2]!, x[3]!];
  return { x, filter, y, attrs: { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', dilations: [1, 1] } };
};

describeKernel('Conv2D in NCHW', 'Conv2D', (random) => {
  const { x, filter, attrs } = nchw(random);
  return { inputs: { x: signedValues(random, x), filter: signedValues(random, filter) }, attrs };
});

describeKernel('Conv2DBackpropInput in NCHW', 'Conv2DBackpropInput', (random) => {
  const { x, y, filter, attrs } = nchw(random);
  return { inputs: { dy: signedValues(random, y), filter: signedValues(random, filter) }, attrs: { ...attrs, inputShape: x } };
});

describeKernel('Conv2DBackpropFilter in NCHW', 'Conv2DBackpropFilter', (random) => {
  const { x, y, filter, attrs } = nchw(random);
  return { inputs: { x: signedValues(random, x), dy: signedValues(random, y) }, attrs: { ...attrs, filterShape: filter } };
});
