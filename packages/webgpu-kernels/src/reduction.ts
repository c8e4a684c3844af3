/** What {@link reduction} makes. */
export interface ReductionOptions {
  /** The name of the WGSL function. */
  readonly name: string;
  /** Invocations of the workgroup, a power of 2. */
  readonly threads: number;
  /** How many results there are: the values of slots that are equal modulo `width` go together. A power of 2. */
  readonly width: number;
  /** What makes one value of two; default `sum`. */
  readonly by?: 'sum' | 'larger';
}

/**
 * WGSL of `name(value, slot)`: every invocation brings a value and a slot of its own in [0, threads); all get the result of their slot modulo `width`.
 * The values are combined as a tree whose shape depends on `threads` and `width` alone: the same bits in every run.
 */
export function reduction({ name, threads, width, by = 'sum' }: ReductionOptions): string {
  const [a, b] = [`${name}Slots[slot]`, `${name}Slots[slot + step]`];
  return `
var<workgroup> ${name}Slots: array<f32, ${threads}>;
fn ${name}(value: f32, slot: u32) -> f32 {
  workgroupBarrier(); // the call before may still be read
  ${name}Slots[slot] = value;
  workgroupBarrier();
  for (var step = ${threads / 2}u; step >= ${width}u; step /= 2u) {
    if (slot < step) { ${a} = ${by === 'sum' ? `${a} + ${b}` : `larger(${a}, ${b})`}; }
    workgroupBarrier();
  }
  return ${name}Slots[slot % ${width}u];
}
`;
}

/** How a workgroup is laid over rows: `lanes` invocations go along each of `rows` rows. */
export interface RowLayout {
  readonly threads: number;
  readonly lanes: number;
  readonly rows: number;
}

const LEAST_LANES = 8;
const MOST_LANES = 256;
const LEAST_THREADS = 64;
/** From so many columns on a row gets a workgroup of its full size. */
const LONG = 2048;

/** The layout for rows of `columns` values, of workgroups with at least `least` invocations, a power of 2. */
export function rowLayout(columns: number, least = LEAST_THREADS): RowLayout {
  const wanted = columns >= LONG ? MOST_LANES : Math.min(LEAST_THREADS, 2 ** Math.ceil(Math.log2(Math.max(1, columns))));
  const lanes = Math.max(LEAST_LANES, wanted);
  const threads = Math.max(least, lanes);
  return { threads, lanes, rows: threads / lanes };
}

/** WGSL that names the place of an invocation: `row`, `lane` in it, the `slot` for reductions of that row, and whether the row is there. */
export function rowPlace({ lanes, rows }: RowLayout, firstGroup = '0u'): string {
  return `
  let lane = thread % ${lanes}u;
  let row = (group - ${firstGroup}) * ${rows}u + thread / ${lanes}u;
  let slot = lane * ${rows}u + thread / ${lanes}u;
  let live = row < u.rows;
  let first = select(0u, row * u.columns + lane, live);
  let end = select(0u, (row + 1u) * u.columns, live);`;
}
