// The one difference between the two builds: a fused multiply-add where relaxed SIMD is enabled, a product and a sum otherwise.

export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Activation codes shared with the JavaScript side: 0 linear, 1 relu, 2 relu6. */
export function activate(v: v128, act: i32): v128 {
  if (act == 0) return v;
  v = f32x4.max(v, f32x4.splat(0));
  return act == 2 ? f32x4.min(v, f32x4.splat(6)) : v;
}
