/** A size that is a number, or a product of a number and of sizes that are known when the graph runs, such as 49 times `batch`. */
export type Dim = number | { readonly times: number; readonly symbols: readonly string[] };

/** Types of values. */
export type ValueType = 'float32' | 'int32' | 'bool';

/** Something that flows through a graph. */
export interface Value {
  /** Its sides. */
  readonly shape: readonly Dim[];
  /** Its type. */
  readonly type: ValueType;
}

/** A value that is there before the graph runs. */
export interface Constant extends Value {
  /** Its sides, all known. */
  readonly shape: readonly number[];
  /** Its values, row-major. */
  readonly data: Float32Array | Int32Array;
  /** Its type. */
  readonly type: ValueType;
}

/** A kernel of TensorFlow.js by its name, with the attributes that it takes there; sizes in them may be symbolic. */
export interface Node {
  /** Its name in TensorFlow.js, such as `Conv2D`. */
  readonly kernel: string;
  /** Which argument is which value, in order; lists come one after another under one name. */
  readonly inputs: readonly { readonly name: string; readonly value: number }[];
  /** What else it takes, such as strides. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The values that it makes. */
  readonly outputs: readonly number[];
}

/** An attribute of a {@link Node}. */
export type Attribute = string | boolean | undefined | null | Dim | readonly Attribute[];

/** What a network computes, from inputs by name to outputs by name. */
export interface Graph {
  /** What goes in, in order. */
  readonly inputs: readonly { readonly name: string; readonly value: number }[];
  /** What comes out, in order. */
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
  /** In an order in which they can run. */
  readonly nodes: readonly Node[];
  /** All values by number. */
  readonly values: ReadonlyMap<number, Value>;
  /** Those among them that are constant. */
  readonly constants: ReadonlyMap<number, Constant>;
}

/** Whether a size is known before the graph runs. */
export const isFixed = (dim: Dim): dim is number => typeof dim === 'number';

/** The argument of a node with this name; undefined where there is none. */
export const argument = ({ inputs }: Node, name: string): number | undefined => inputs.find((input) => input.name === name)?.value;
