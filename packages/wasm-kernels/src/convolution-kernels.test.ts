import { convFilter64, convForward64, convInput64, info } from '../test/float64-references.ts';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

type Random = () => number;

function geometry(random: Random) {
  const large = random() < 0.15; // long rows and many pixels: several blocks
  const x = [integer(random, 1, 3), integer(random, 1, 12), integer(random, 1, 12), pick(random, [1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 17, 24])];
  const filter = [integer(random, 1, 4), integer(random, 1, 4), x[3]!, pick(random, [1, 2, 3, 5, 6, 7, 8, 9, 12, 16, 20])];
  if (large && random() < 0.5) [x[0], x[1], x[2], x[3], filter[2]] = [4, 13, 13, 9, 9];
  else if (large) [filter[0], filter[1], x[3], filter[2]] = [1, 2, 600, 600];
  const dilations = random() < 0.3 ? [integer(random, 1, 3), integer(random, 1, 2)] : [1, 1];
  const strides = dilations[0] === 1 && dilations[1] === 1 ? [integer(random, 1, 3), integer(random, 1, 3)] : [integer(random, 1, 2), 1];
  const reach = [0, 1].map((d) => (filter[d]! - 1) * dilations[d]! + 1);
  const explicit = [0, 1].map((d) => [integer(random, 0, reach[d]! - 1), integer(random, 0, reach[d]! - 1)]);
  let pad: unknown = pick<unknown>(random, ['same', 'valid', [[0, 0], ...explicit, [0, 0]]]);
  if (x[1]! < reach[0]! || x[2]! < reach[1]!) pad = 'same';
  return { x, filter, attrs: { strides, dilations, pad, dataFormat: 'NHWC', dimRoundingMode: Array.isArray(pad) ? 'floor' : undefined } };
}

const f64 = { cases: 250 };

describeKernel(
  'Conv2D against float64',
  'Conv2D',
  (random) => {
    const { x, filter, attrs } = geometry(random);
    const inputs = { x: signedValues(random, x), filter: signedValues(random, filter) };
    return { inputs, attrs: attrs as never, expected: [convForward64(info(x, filter, attrs), inputs.x, inputs.filter)] };
  },
  f64,
);

describeKernel(
  'Conv2DBackpropInput against float64',
  'Conv2DBackpropInput',
  (random) => {
    const { x, filter, attrs } = geometry(random);
    const g = info(x, filter, attrs);
    const inputs = { dy: signedValues(random, g.outShape), filter: signedValues(random, filter) };
    return { inputs, attrs: { ...attrs, inputShape: x } as never, expected: [convInput64(g, inputs.dy, inputs.filter)] };
  },
  f64,
);

describeKernel(
  'Conv2DBackpropFilter against float64',
  'Conv2DBackpropFilter',
  (random) => {
    const { x, filter, attrs } = geometry(random);
    const g = info(x, filter, attrs);
    const inputs = { x: signedValues(random, x), dy: signedValues(random, g.outShape) };
    return { inputs, attrs: { ...attrs, filterShape: filter } as never, expected: [convFilter64(g, inputs.x, inputs.dy)] };
  },
  f64,
);
