/** A tensor of someone else's file, decoded. */
export interface ReadTensor {
  /** The type that it had in the file, such as `F32` or `BF16`; for messages. */
  readonly dtype: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** Row-major values; those of weights must be a Float32Array. */
  readonly data: ArrayLike<number | bigint>;
}

/** Tensors of a file by the names that they have there. */
export type ReadTensors = ReadonlyMap<string, ReadTensor>;

/** How a foreign tensor becomes ours. `same`: as it is. `first`: without its first axis, of 1. `turned`: `[out, in]` to `[in, out]`. `convolution`: `[out, in, height, width]` to
 * `[height, width, in, out]`. `patches`: that in the shape `[height·width·in, out]`. */
export type Turn = 'same' | 'first' | 'turned' | 'convolution' | 'patches';

/** One tensor on both sides; names hold places such as `{layer}` that the engine fills in. */
export interface Row {
  /** Their name, without the prefix of the network. */
  readonly theirs: string;
  /** Our path; several where theirs holds them one after another along its first axis. */
  readonly ours: string | readonly string[];
  /** Their shape: numbers and names of dimensions. */
  readonly shape: readonly (string | number)[];
  /** How it becomes ours; default `same`. */
  readonly turn?: Turn;
  /** The feature that the network must have for the tensor to be there; default always. */
  readonly when?: string;
}

/** What the name of a family's tensors is made of. */
export interface NameTable {
  /** The name of the table. */
  readonly family: string;
  /** What kind of network it is. */
  readonly kind: 'resnet' | 'vit' | 'bert';
  /** Names that a file of this family has, all under one prefix: how it is recognized. */
  readonly anchors: readonly string[];
  /** What other names are called here: the same tensors in older or rearranged files. */
  readonly renames: readonly (readonly [pattern: RegExp, replacement: string])[];
  /** Rows by the part of the network in which they occur; the parts are repeated by the architecture. */
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  /** What belongs to heads, by what the head is called in `left`. */
  readonly heads: Readonly<Record<string, RegExp>>;
  /** What follows from the rest and is no weight, such as counters. */
  readonly ignored: RegExp;
}

/** One occurrence of a part of the network. */
export interface Part {
  /** Which rows of the table it has. */
  readonly rows: string;
  /** What stands for `{name}` in names and paths. */
  readonly places: Readonly<Record<string, string | number>>;
  /** Dimensions by name. */
  readonly dims: Readonly<Record<string, number>>;
  /** The features that it has. */
  readonly has: ReadonlySet<string>;
}

/** A row with everything filled in. */
export interface Entry {
  /** Their name, without prefix. */
  readonly name: string;
  /** Their shape. */
  readonly shape: readonly number[];
  /** Our paths. */
  readonly paths: readonly string[];
  /** How it becomes ours. */
  readonly turn: Turn;
}

/** The rows of a table for a network that consists of these parts. */
export function entriesOf(table: NameTable, parts: readonly Part[]): Entry[] {
  return parts.flatMap(({ rows, places, dims, has }) => {
    const fill = (text: string) =>
      text.replaceAll(/\{(\w+)\}/g, (_, place: string) => String(places[place] ?? missing(table.family, `place {${place}}`)));
    const size = (side: string | number) => (typeof side === 'number' ? side : (dims[side] ?? missing(table.family, `dimension ${side}`)));
    return (table.rows[rows] ?? missing(table.family, `part ${rows}`))
      .filter(({ when }) => when === undefined || has.has(when))
      .map(({ theirs, ours, shape, turn = 'same' }) => ({
        name: fill(theirs),
        shape: shape.map(size),
        paths: (typeof ours === 'string' ? [ours] : ours).map(fill),
        turn,
      }));
  });
}

/** Only a table that does not fit its architecture gets here, which its tests find. */
function missing(family: string, what: string): never {
  throw new Error(`the name table ${family} asks for a ${what} that its architecture lacks`);
}

/** A kernel and a bias of a linear layer. */
export const dense = (theirs: string, ours: string, [from, to]: readonly [string | number, string | number], when?: string): Row[] => [
  { theirs: `${theirs}.weight`, ours: `${ours}/kernel`, shape: [to, from], turn: 'turned', ...(when && { when }) },
  { theirs: `${theirs}.bias`, ours: `${ours}/bias`, shape: [to], ...(when && { when }) },
];

/** Scale and offset of a normalization. */
export const norm = (theirs: string, ours: string, width: string): Row[] => [
  { theirs: `${theirs}.weight`, ours: `${ours}/scale`, shape: [width] },
  { theirs: `${theirs}.bias`, ours: `${ours}/offset`, shape: [width] },
];

/** Scale, offset and running statistics of a batch normalization. */
export const batchNorm = (theirs: string, ours: string, width: string): Row[] => [
  ...norm(theirs, ours, width),
  { theirs: `${theirs}.running_mean`, ours: `${ours}/mean`, shape: [width] },
  { theirs: `${theirs}.running_var`, ours: `${ours}/variance`, shape: [width] },
];
