/**
 * A vector of four times x, for the top level of a file.
 * V8 rebuilds a vector constant from an immediate wherever it is used, by three instructions; what the start function wrote, it loads by one,
 * which makes polynomials more than twice as fast. memory.size() >> 17 is 0, which the optimizer does not know.
 */
export function constant(x: f32): v128 {
  return i32x4.splat(reinterpret<i32>(x) + (memory.size() >> 17));
}

export const ZERO = constant(0);
export const ONE = constant(1);

/** The same for one number, whose vectors are made by one instruction: what neighboring vectors use together. */
export function scalar(x: f32): f32 {
  return reinterpret<f32>(reinterpret<i32>(x) + (memory.size() >> 17));
}
