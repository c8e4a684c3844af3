/** How a number lies in a buffer. */
export type NumberType = 'f32' | 'i32' | 'u32';

/** A compute program: WGSL for one workgroup, and what it reads and writes. */
export interface Program {
  /** Unlike that of every other program, its variants included; tools show it. */
  readonly name: string;
  /** Arrays in storage that are read. */
  readonly inputs: Readonly<Record<string, NumberType>>;
  /** Arrays of `f32` in storage that are written. */
  readonly outputs: readonly string[];
  /** Numbers that are the same for all workgroups, read as `u.name`. */
  readonly uniforms: Readonly<Record<string, NumberType>>;
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** Functions and variables outside of the entry point. */
  readonly declarations?: string;
  /** The body of the entry point. It sees `group`, the number of the workgroup, and `thread`, that of the invocation in it. */
  readonly body: string;
}

/** Uniforms that every program has: `nan` and `infinity` because WGSL has no literals for them. */
const EVERYWHERE = { groups: 'u32', nan: 'f32', infinity: 'f32' } as const;

/** Questions about bits, since WGSL lets a compiler assume that no NaN comes up. `larger` and `smaller` hand NaN on. */
const PRELUDE = `
fn isNan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }
fn isInfinite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) == 0x7f800000u; }
fn isPositive(v: f32) -> bool { let bits = bitcast<u32>(v); return bits > 0u && bits <= 0x7f800000u; }
fn larger(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  return max(a, b);
}
fn smaller(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  return min(a, b);
}
// 0 below the smallest number, and NaN of NaN, whatever the built-in makes of them
fn power(v: f32) -> f32 {
  if (isNan(v)) { return v; }
  if (v < -103.9) { return 0.0; }
  if (v > 88.8) { return u.infinity; }
  return exp(v);
}
`;

/** The uniforms of a program in their order in memory. */
export function uniformsOf(program: Program): readonly (readonly [name: string, type: NumberType])[] {
  return Object.entries<NumberType>({ ...EVERYWHERE, ...program.uniforms });
}

/** The whole WGSL text of a program. Bindings are numbered: inputs, outputs, uniforms. */
export function wgslOf(program: Program): string {
  const { inputs, outputs, threads, declarations = '', body } = program;
  const reads = Object.entries(inputs).map(([name, type], i) => `@group(0) @binding(${i}) var<storage, read> ${name}: array<${type}>;`);
  const writes = outputs.map((name, i) => `@group(0) @binding(${reads.length + i}) var<storage, read_write> ${name}: array<f32>;`);
  const fields = uniformsOf(program).map(([name, type]) => `${name}: ${type},`);
  return `
struct Uniforms { ${fields.join(' ')} }
${[...reads, ...writes].join('\n')}
@group(0) @binding(${reads.length + writes.length}) var<uniform> u: Uniforms;
${PRELUDE}
${declarations}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = (workgroup.z * workgroups.y + workgroup.y) * workgroups.x + workgroup.x;
  if (group >= u.groups) { return; }
${body}
}
`;
}
