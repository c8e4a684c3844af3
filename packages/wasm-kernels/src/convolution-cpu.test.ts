import { describeKernel } from '../test/kernel-cases.ts';
import { info } from '../test/float64-references.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

/** What tfjs's own gradients ask for: no dilation, every stride and padding. */
function geometry(random: () => number) {
  const x = [integer(random, 1, 3), integer(random, 3, 10), integer(random, 3, 10), integer(random, 1, 18)];
  const filter = [integer(random, 1, 3), integer(random, 1, 3), x[3]!, integer(random, 1, 18)];
  const stride = integer(random, 1, 3);
  const attrs = { strides: [stride, stride], pad: pick(random, ['same', 'valid']), dilations: [1, 1], dataFormat: 'NHWC' };
  return { x, filter, attrs, y: info(x, filter, attrs).outShape };
}

describeKernel('Conv2D', 'Conv2D', (random) => {
  const { x, filter, attrs } = geometry(random);
  return { inputs: { x: signedValues(random, x), filter: signedValues(random, filter) }, attrs };
});

describeKernel('Conv2DBackpropInput', 'Conv2DBackpropInput', (random) => {
  const { x, filter, y, attrs } = geometry(random);
  return { inputs: { dy: signedValues(random, y), filter: signedValues(random, filter) }, attrs: { ...attrs, inputShape: x } };
});

describeKernel('Conv2DBackpropFilter', 'Conv2DBackpropFilter', (random) => {
  const { x, filter, y, attrs } = geometry(random);
  return { inputs: { x: signedValues(random, x), dy: signedValues(random, y) }, attrs: { ...attrs, filterShape: filter } };
});
