import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { convFilter64, convForward64, convInput64, info } from '../float64-references.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

interface Geometry {
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly attrs: { strides: number[]; dilations: number[]; pad: unknown; dataFormat: string; dimRoundingMode?: 'floor' | undefined };
}

/** Any window, stride, padding and dilation, and now and then several blocks of rows. */
function anyGeometry(random: Random): Geometry {
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

/** What residual networks are made of: 3×3 and 1×1 windows, channels in the tens, maps of odd and even sizes. */
function networkGeometry(random: Random): Geometry {
  const channels = [3, 4, 8, 12, 16, 20, 24, 32, 33, 40, 64, 72];
  const window = pick(random, [3, 3, 3, 1]);
  const x = [integer(random, 1, 4), integer(random, 2, 17), integer(random, 2, 17), pick(random, channels)];
  const stride = pick(random, [1, 1, 1, 2]);
  const pad = x[1]! < window || x[2]! < window ? 'same' : pick(random, ['same', 'same', 'valid']);
  const attrs = { strides: [stride, stride], dilations: [1, 1], pad, dataFormat: 'NHWC' };
  return { x, filter: [window, window, x[3]!, pick(random, channels)], attrs };
}

/** What tfjs's own gradients ask for: no dilation, every stride and padding. */
function plainGeometry(random: Random): Geometry {
  const x = [integer(random, 1, 3), integer(random, 3, 10), integer(random, 3, 10), integer(random, 1, 18)];
  const filter = [integer(random, 1, 3), integer(random, 1, 3), x[3]!, integer(random, 1, 18)];
  const stride = integer(random, 1, 3);
  const attrs = { strides: [stride, stride], pad: pick(random, ['same', 'valid']), dilations: [1, 1], dataFormat: 'NHWC' };
  return { x, filter, attrs };
}

type Reference = (g: ReturnType<typeof info>, a: Values, b: Values) => Float64Array;

function direction(
  { x, filter, attrs }: Geometry,
  { reference, alsoCpu, inputs, extra }: { reference: Reference; alsoCpu: boolean; inputs: Record<string, Values>; extra?: object },
): KernelCase {
  const g = info(x, filter, attrs);
  const [a, b] = Object.values(inputs) as [Values, Values];
  return {
    inputs,
    attrs: { ...attrs, ...extra } as never,
    expected: [reference(g, a, b)],
    magnitude: [reference(g, absolute(a), absolute(b))],
    alsoCpu,
  };
}

type MakeGeometry = (random: Random) => Geometry;

const forward = (geometry: MakeGeometry, alsoCpu: boolean) => (random: Random) => {
  const at = geometry(random);
  const inputs = { x: anyValues(random, at.x), filter: anyValues(random, at.filter) };
  return direction(at, { reference: convForward64, alsoCpu, inputs });
};

const inputGradient = (geometry: MakeGeometry, alsoCpu: boolean) => (random: Random) => {
  const at = geometry(random);
  const inputs = { dy: anyValues(random, info(at.x, at.filter, at.attrs).outShape), filter: anyValues(random, at.filter) };
  return direction(at, { reference: convInput64, alsoCpu, inputs, extra: { inputShape: at.x } });
};

const filterGradient = (geometry: MakeGeometry, alsoCpu: boolean) => (random: Random) => {
  const at = geometry(random);
  const inputs = { x: anyValues(random, at.x), dy: anyValues(random, info(at.x, at.filter, at.attrs).outShape) };
  return direction(at, { reference: convFilter64, alsoCpu, inputs, extra: { filterShape: at.filter } });
};

type Nest = readonly [number, number, number, number];
const channelsFirst = <T>(list: readonly T[]): T[] => [0, 3, 1, 2].map((axis) => list[axis]!);

/** The same numbers, laid out as NCHW. */
function imageFirst({ shape, values }: Values): Values {
  const [batch, height, width, channels] = shape as Nest;
  const turned = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [c, w] = [i % channels, Math.floor(i / channels) % width];
    const [h, n] = [Math.floor(i / channels / width) % height, Math.floor(i / channels / width / height)];
    turned[((n * channels + c) * height + h) * width + w] = values[i]!;
  }
  return { shape: [batch, channels, height, width], values: turned };
}

/** Any case of channels-last images, asked for in NCHW: images, explicit padding and expected image turned with it. */
const inChannelsFirst =
  (make: (random: Random) => KernelCase, { images, result }: { images: readonly string[]; result: boolean }) =>
  (random: Random): KernelCase => {
    const last = make(random);
    const at = last.attrs as { pad: unknown; inputShape?: number[] };
    const shape = result ? (at.inputShape ?? info(last.inputs['x']!.shape, last.inputs['filter']!.shape, at as never).outShape) : [];
    const turn = (list: readonly ArrayLike<number>[] | undefined) =>
      list?.map((data) => (result ? imageFirst({ shape, values: data as Float32Array }).values : data));
    const inputs = Object.fromEntries(
      Object.entries(last.inputs).map(([name, values]) => [name, images.includes(name) ? imageFirst(values) : values]),
    );
    const attrs = {
      ...last.attrs,
      dataFormat: 'NCHW',
      pad: Array.isArray(at.pad) ? channelsFirst(at.pad) : at.pad,
      ...(at.inputShape && { inputShape: channelsFirst(at.inputShape) }),
    };
    return { inputs, attrs: attrs as never, expected: turn(last.expected)!, magnitude: turn(last.magnitude)! };
  };

const DIRECTIONS = [
  ['Conv2D', forward, { images: ['x'], result: true }],
  ['Conv2DBackpropInput', inputGradient, { images: ['dy'], result: true }],
  ['Conv2DBackpropFilter', filterGradient, { images: ['x', 'dy'], result: false }],
] as const;

/** The convolution and its gradients, each on every window, on those of residual networks, and on what the cpu backend has too. */
export const convolutionCases: readonly CaseMaker[] = DIRECTIONS.flatMap(([kernel, make, turned]) => [
  { title: `${kernel} of any window`, kernel, make: make(anyGeometry, false) },
  { title: `${kernel} of any window, NCHW`, kernel, make: inChannelsFirst(make(anyGeometry, false), turned), cases: 100 },
  { title: `${kernel} of residual networks`, kernel, make: make(networkGeometry, false), cases: 60 },
  { title: `${kernel} without dilation`, kernel, make: make(plainGeometry, true) },
]);
