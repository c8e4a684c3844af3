import type { ValueType } from '../graph.ts';

/** The names of types in a graph of TensorFlow. */
const TYPES: Readonly<Record<ValueType, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** An attribute of a node as TensorFlow writes it in JSON. */
export type TensorFlowAttribute =
  | { readonly type: string }
  | { readonly i: string }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } };

/** Attributes by what they hold. */
export const attributes = {
  type: (type: ValueType): TensorFlowAttribute => ({ type: TYPES[type] }),
  float: (value: number): TensorFlowAttribute => ({ f: value }),
  boolean: (value: boolean): TensorFlowAttribute => ({ b: value }),
  text: (value: string): TensorFlowAttribute => ({ s: btoa(value) }),
  integers: (values: readonly number[]): TensorFlowAttribute => ({ list: { i: values.map(String) } }),
};

interface Port {
  readonly name: string;
  readonly type: ValueType;
  /** −1 where a side is open. */
  readonly shape: readonly number[];
}

/** Builds a graph model of TensorFlow.js. */
export interface GraphModelBuilder {
  /** Adds a node; gives its name. */
  readonly node: (op: string, inputs: readonly string[], attr?: Readonly<Record<string, TensorFlowAttribute>>, name?: string) => string;
  /** Adds a constant; equal small ones become one. */
  readonly constant: (data: Float32Array | Int32Array | Uint8Array, shape: readonly number[], type: ValueType) => string;
  /** Adds integers as a constant. */
  readonly integers: (values: readonly number[]) => string;
  /** Adds a float32 scalar. */
  readonly scalar: (value: number) => string;
  readonly input: (port: Port) => void;
  readonly output: (port: Port) => void;
  /** The files of the model by name. */
  readonly files: (facts: {
    description?: string | undefined;
    metadata?: Readonly<Record<string, string>> | undefined;
  }) => Record<string, Uint8Array>;
}

const WEIGHTS = 'weights.bin';

const shapeProto = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

/** Starts an empty graph. */
export function createGraphModelBuilder(): GraphModelBuilder {
  const nodes: object[] = [];
  const weights: { name: string; shape: readonly number[]; dtype: ValueType }[] = [];
  const parts: Uint8Array[] = [];
  const [inputs, outputs]: [Port[], Port[]] = [[], []];
  const counts = new Map<string, number>();
  const small = new Map<string, string>();
  const fresh = (stem: string) => {
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    return `${stem}_${count}`;
  };
  const builder: GraphModelBuilder = {
    node(op, given, attr = {}, name = fresh(op)) {
      nodes.push({ name, op, input: [...given], attr });
      return name;
    },
    constant(data, shape, dtype) {
      const bytes = dtype === 'bool' ? Uint8Array.from(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const key = bytes.length <= 256 ? `${dtype} ${shape.join()} ${bytes.join()}` : undefined;
      const known = key === undefined ? undefined : small.get(key);
      if (known !== undefined) return known;
      const name = builder.node('Const', [], { dtype: attributes.type(dtype) });
      if (key !== undefined) small.set(key, name);
      weights.push({ name, shape: [...shape], dtype });
      parts.push(bytes.slice());
      return name;
    },
    integers: (values) => builder.constant(Int32Array.from(values), [values.length], 'int32'),
    scalar: (value) => builder.constant(Float32Array.of(value), [], 'float32'),
    input(port) {
      inputs.push(port);
      builder.node('Placeholder', [], { dtype: attributes.type(port.type), shape: { shape: shapeProto(port.shape) } as never }, port.name);
    },
    output(port) {
      outputs.push(port);
    },
    files({ description, metadata }) {
      const ports = (list: readonly Port[]) =>
        Object.fromEntries(
          list.map(({ name, type, shape }) => [name, { name: `${name}:0`, dtype: TYPES[type], tensorShape: shapeProto(shape) }]),
        );
      const model = {
        format: 'graph-model',
        generatedBy: 'selfsup',
        convertedBy: null,
        signature: { inputs: ports(inputs), outputs: ports(outputs) },
        ...((description !== undefined || metadata) && {
          userDefinedMetadata: { ...(description !== undefined && { description }), ...metadata },
        }),
        modelTopology: { node: nodes, library: {}, versions: { producer: 987 } },
        weightsManifest: [{ paths: [WEIGHTS], weights }],
      };
      const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return { 'model.json': new TextEncoder().encode(JSON.stringify(model)), [WEIGHTS]: all };
    },
  };
  return builder;
}
