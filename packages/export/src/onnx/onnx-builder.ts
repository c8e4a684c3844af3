import { SelfsupError } from '@selfsup/core';
import { dataTypes, modelProto, type OnnxType } from './onnx-schema.ts';

/** What an attribute of a node may be: an integer or integers, unless it says that it is of floats. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** A tensor that is kept in the file. */
export interface OnnxTensor {
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A side of an input or output: a number, or the name of a size that is open. */
export type OnnxSide = number | string;

interface OnnxPort {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly OnnxSide[];
}

/** Builds the graph of an ONNX model. */
export interface OnnxBuilder {
  /** Adds a node; gives the names of its outputs. */
  readonly node: (
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: readonly string[],
  ) => string;
  /** Adds a constant; equal ones become one. */
  readonly constant: (tensor: OnnxTensor) => string;
  /** Adds integers as a constant of int64. */
  readonly integers: (values: readonly number[]) => string;
  /** Adds a float32 scalar. */
  readonly scalar: (value: number) => string;
  /** Adds an input. */
  readonly input: (port: OnnxPort) => void;
  /** Names an output. */
  readonly output: (port: OnnxPort) => void;
  /** The bytes of the file. */
  readonly encode: (facts: {
    opset: number;
    name: string;
    description?: string;
    metadata?: Readonly<Record<string, string>>;
  }) => Uint8Array;
}

/** Over this no file of protobuf may be. */
const MOST_BYTES = 2 ** 31 - 1;

/** What an array holds, as bytes; they share its memory. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** float32 values as a tensor. */
export const floatTensor = (data: Float32Array, shape: readonly number[]): OnnxTensor => ({ type: 'float32', shape, bytes: bytesOf(data) });

/** Integers as a tensor of int64, which most operators want. */
export const int64Tensor = (values: ArrayLike<number>, shape: readonly number[]): OnnxTensor => ({
  ...{ type: 'int64', shape },
  bytes: bytesOf(BigInt64Array.from(Array.from(values), (value) => BigInt(value))),
});

const attributeProto = (name: string, value: OnnxAttribute): object => {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if ('float' in value) return { name, f: value.float, type: 1 };
  return { name, ints: [...value], type: 7 };
};

const portProto = ({ name, type, shape }: OnnxPort): object => ({
  name,
  type: {
    tensorType: {
      elemType: dataTypes[type],
      shape: { dim: shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side })) },
    },
  },
});

/** Starts an empty graph. */
export function createOnnxBuilder(): OnnxBuilder {
  const nodes: object[] = [];
  const initializers: object[] = [];
  const [inputs, outputs]: [object[], object[]] = [[], []];
  const small = new Map<string, string>(); // constants of a few bytes by what they hold
  const counts = new Map<string, number>();
  let bytes = 0;
  const fresh = (stem: string) => {
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    return `${stem}_${count}`;
  };
  const builder: OnnxBuilder = {
    node(opType, given, attributes = {}, named) {
      const name = fresh(opType);
      const output = named ?? [name];
      const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
      nodes.push({ input: [...given], output: [...output], name, opType, attribute });
      return output[0]!;
    },
    constant({ type, shape, bytes: rawData }) {
      const key = rawData.length <= 256 ? `${type} ${shape.join()} ${rawData.join()}` : undefined;
      const known = key === undefined ? undefined : small.get(key);
      if (known !== undefined) return known;
      const name = fresh('constant');
      if (key !== undefined) small.set(key, name);
      bytes += rawData.length;
      if (bytes > MOST_BYTES)
        throw new SelfsupError('SELFSUP_OPTION', 'writeOnnx: the weights take more than the 2 GiB that an ONNX file may have; export a smaller encoder, or with `precision` fp16'); // prettier-ignore
      initializers.push({ dims: [...shape], dataType: dataTypes[type], name, rawData });
      return name;
    },
    integers: (values) => builder.constant(int64Tensor(values, [values.length])),
    scalar: (value) => builder.constant(floatTensor(Float32Array.of(value), [])),
    input(port) {
      inputs.push(portProto(port));
    },
    output(port) {
      outputs.push(portProto(port));
    },
    encode({ opset, name, description = '', metadata = {} }) {
      return modelProto
        .encode({
          irVersion: 8,
          producerName: 'selfsup',
          docString: description,
          graph: { node: nodes, name, initializer: initializers, input: inputs, output: outputs },
          opsetImport: [{ domain: '', version: opset }],
          metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
        })
        .finish();
    },
  };
  return builder;
}
