// Written by scripts/generate-wide.mjs from exp.ts and gelu.ts: the same functions with coefficients that can be joined for two neighboring vectors.
import { scalar } from './constant';
import { madd } from './simd';

const ZERO_VALUE: f32 = scalar(0);
const ONE_VALUE: f32 = scalar(1);
const LOG2_E_VALUE: f32 = scalar(1.44269504088896341);
const HIGH_VALUE: f32 = scalar(-0.693359375);
const LOW_VALUE: f32 = scalar(2.12194440054690583e-4);
const ROUND_VALUE: f32 = scalar(12582912);
const LOWEST_VALUE: f32 = scalar(-104);
const HIGHEST_VALUE: f32 = scalar(89);
const NORMAL_VALUE: f32 = scalar(-87.33);
const E2_VALUE: f32 = scalar(0.4999999403953552);
const E3_VALUE: f32 = scalar(0.1666652113199234);
const E4_VALUE: f32 = scalar(0.04166838899254799);
const E5_VALUE: f32 = scalar(0.00836874544620514);
const E6_VALUE: f32 = scalar(0.0013814539415761828);
const JOINT_VALUE: f32 = scalar(0.95);
const FOUR_VALUE: f32 = scalar(4);
const P0_VALUE: f32 = scalar(1.128379142313164);
const P1_VALUE: f32 = scalar(-0.37612445936456274);
const P2_VALUE: f32 = scalar(0.11281320690725688);
const P3_VALUE: f32 = scalar(-0.026748864316326382);
const P4_VALUE: f32 = scalar(4.967506846083328e-3);
const P5_VALUE: f32 = scalar(-5.862082134837275e-4);
const Q0_VALUE: f32 = scalar(-2.195790754153109e-3);
const Q1_VALUE: f32 = scalar(-1.1190728179000404);
const Q2_VALUE: f32 = scalar(-0.6522910946070279);
const Q3_VALUE: f32 = scalar(-0.0900793404412881);
const Q4_VALUE: f32 = scalar(0.015242270919882606);
const Q5_VALUE: f32 = scalar(-1.20862417874339e-3);
const MINUS_ZERO_VALUE: f32 = scalar(-0.0);
const NINE_VALUE: f32 = scalar(9.02);
const N0_VALUE: f32 = scalar(0.9999999790149303);
const N1_VALUE: f32 = scalar(0.1337972087142017);
const N2_VALUE: f32 = scalar(3.4940379819174846e-3);
const N3_VALUE: f32 = scalar(2.058353482478852e-5);
const N4_VALUE: f32 = scalar(1.331914027474213e-8);
const D1_VALUE: f32 = scalar(0.4671303611326313);
const D2_VALUE: f32 = scalar(0.025871086376501647);
const D3_VALUE: f32 = scalar(3.283098322009418e-4);
const D4_VALUE: f32 = scalar(7.762048690440037e-7);
const G0_VALUE: f32 = scalar(0.5000000031499086);
const G1_VALUE: f32 = scalar(0.43928228779265205);
const G2_VALUE: f32 = scalar(0.18396826143931072);
const G3_VALUE: f32 = scalar(0.04088082365469028);
const G4_VALUE: f32 = scalar(4.153182434565407e-3);
const H1_VALUE: f32 = scalar(1.676449582544895);
const H2_VALUE: f32 = scalar(1.2055447036508573);
const H3_VALUE: f32 = scalar(0.47140637600352575);
const H4_VALUE: f32 = scalar(0.10247914521236716);
const H5_VALUE: f32 = scalar(0.010410372850473453);
const FAR_VALUE: f32 = scalar(15);
const MINUS_HALF_VALUE: f32 = scalar(-0.5);
const DENSITY_VALUE: f32 = scalar(-0.3989422804014327);
const LINEAR_VALUE: f32 = scalar(-1.5957691216057308);
const CUBIC_VALUE: f32 = scalar(-0.0713548162726009);
const SLOPE_LINEAR_VALUE: f32 = scalar(1.5957691216057308);
const SLOPE_CUBIC_VALUE: f32 = scalar(0.2140644488178027);

/** e^r for |r| <= ln(2) / 2, relative error 4e-9 before rounding. */
// @inline
function expReducedWide(ONE: v128, E2: v128, E3: v128, E4: v128, E5: v128, E6: v128, r: v128): v128 {
  const s = f32x4.mul(r, r);
  const p = madd(madd(E6, s, madd(E5, r, E4)), s, madd(E3, r, E2)); // Estrin's scheme: a shorter chain than Horner's
  return f32x4.add(madd(p, s, r), ONE);
}

/** e^x over the whole range, within 1 ulp: denormal results, 0 at -Infinity, Infinity beyond 88.72. */
// @inline
function expvWide(
  ONE: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  LOWEST: v128,
  HIGHEST: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  x: v128,
): v128 {
  x = f32x4.pmin(f32x4.pmax(x, LOWEST), HIGHEST);
  const t = madd(x, LOG2_E, ROUND);
  const n = f32x4.sub(t, ROUND);
  const r = madd(n, LOW, madd(n, HIGH, x));
  // 2^n in two factors, since it may lie outside the range of normal numbers when the result does not.
  const whole = i32x4.sub(t, ROUND);
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.add(i32x4.shl(half, 23), ONE);
  const second = i32x4.add(i32x4.shl(i32x4.sub(whole, half), 23), ONE);
  return f32x4.mul(f32x4.mul(expReducedWide(ONE, E2, E3, E4, E5, E6, r), first), second);
}

/** e^x for x <= 0, with 0 in place of denormal results: fewer operations, for sums and weights in which those do not count. */
// @inline
function expNegativeWide(
  ONE: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  NORMAL: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  x: v128,
): v128 {
  const t = madd(x, LOG2_E, ROUND);
  const n = f32x4.sub(t, ROUND);
  const r = madd(n, LOW, madd(n, HIGH, x));
  const scale = i32x4.add(i32x4.shl(t, 23), ONE);
  return v128.andnot(f32x4.mul(expReducedWide(ONE, E2, E3, E4, E5, E6, r), scale), f32x4.lt(x, NORMAL));
}

/** The error function, within 3 ulp. */
// @inline
function erfvWide(
  ONE: v128,
  JOINT: v128,
  FOUR: v128,
  P0: v128,
  P1: v128,
  P2: v128,
  P3: v128,
  P4: v128,
  P5: v128,
  Q0: v128,
  Q1: v128,
  Q2: v128,
  Q3: v128,
  Q4: v128,
  Q5: v128,
  MINUS_ZERO: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  NORMAL: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  x: v128,
): v128 {
  const a = f32x4.pmin(f32x4.abs(x), FOUR);
  const s = f32x4.mul(a, a);
  const near = f32x4.mul(a, madd(madd(madd(madd(madd(P5, s, P4), s, P3), s, P2), s, P1), s, P0));
  const far = f32x4.sub(
    ONE,
    expNegativeWide(
      ONE,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      madd(madd(madd(madd(madd(Q5, a, Q4), a, Q3), a, Q2), a, Q1), a, Q0),
    ),
  );
  return v128.or(v128.bitselect(near, far, f32x4.lt(a, JOINT)), v128.and(x, MINUS_ZERO));
}

/** The hyperbolic tangent x * N(x^2) / D(x^2), within 6 ulp; 1 in float32 from 9.02 on. */
// @inline
function tanhvWide(
  ONE: v128,
  MINUS_ZERO: v128,
  NINE: v128,
  N0: v128,
  N1: v128,
  N2: v128,
  N3: v128,
  N4: v128,
  D1: v128,
  D2: v128,
  D3: v128,
  D4: v128,
  x: v128,
): v128 {
  const a = f32x4.pmin(f32x4.abs(x), NINE);
  const s = f32x4.mul(a, a);
  const numerator = f32x4.mul(a, madd(madd(madd(madd(N4, s, N3), s, N2), s, N1), s, N0));
  const denominator = madd(madd(madd(madd(D4, s, D3), s, D2), s, D1), s, ONE);
  return v128.or(f32x4.pmin(f32x4.div(numerator, denominator), ONE), v128.and(x, MINUS_ZERO));
}

/** Φ(-a) * e^(a^2/2) = G(a) / H(a) for a in [0, 15], Φ the standard normal distribution: relative error 7e-9 before rounding. */
// @inline
function normalTailWide(
  ONE: v128,
  G0: v128,
  G1: v128,
  G2: v128,
  G3: v128,
  G4: v128,
  H1: v128,
  H2: v128,
  H3: v128,
  H4: v128,
  H5: v128,
  a: v128,
): v128 {
  const above = madd(madd(madd(madd(G4, a, G3), a, G2), a, G1), a, G0);
  return f32x4.div(above, madd(madd(madd(madd(madd(H5, a, H4), a, H3), a, H2), a, H1), a, ONE));
}

/** |x|, held at 15: from there on GELU's gate is 0 or 1, and no product of infinity and zero comes up. */
// @inline
function magnitudeWide(FAR: v128, x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), FAR);
}

/** The gate at -a, a >= 0: Φ(-a), or its approximation (1 - tanh u(a)) / 2 = e / (1 + e) with e = exp(-2u(a)). */
// @inline
function gateWide(
  ONE: v128,
  MINUS_HALF: v128,
  LINEAR: v128,
  CUBIC: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  NORMAL: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  G0: v128,
  G1: v128,
  G2: v128,
  G3: v128,
  G4: v128,
  H1: v128,
  H2: v128,
  H3: v128,
  H4: v128,
  H5: v128,
  a: v128,
  approximate: bool,
): v128 {
  const s = f32x4.mul(a, a);
  if (!approximate)
    return f32x4.mul(
      expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.mul(s, MINUS_HALF)),
      normalTailWide(ONE, G0, G1, G2, G3, G4, H1, H2, H3, H4, H5, a),
    );
  const e = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.mul(a, madd(s, CUBIC, LINEAR)));
  return f32x4.div(e, f32x4.add(e, ONE));
}

/** GELU of x, or its approximation by tanh. */
// @inline
function geluWide(
  ZERO: v128,
  FAR: v128,
  ONE: v128,
  MINUS_HALF: v128,
  LINEAR: v128,
  CUBIC: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  NORMAL: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  G0: v128,
  G1: v128,
  G2: v128,
  G3: v128,
  G4: v128,
  H1: v128,
  H2: v128,
  H3: v128,
  H4: v128,
  H5: v128,
  x: v128,
  approximate: bool,
): v128 {
  const a = magnitudeWide(FAR, x);
  return f32x4.sub(
    f32x4.pmax(x, ZERO),
    f32x4.mul(
      a,
      gateWide(
        ONE,
        MINUS_HALF,
        LINEAR,
        CUBIC,
        LOG2_E,
        HIGH,
        LOW,
        ROUND,
        NORMAL,
        E2,
        E3,
        E4,
        E5,
        E6,
        G0,
        G1,
        G2,
        G3,
        G4,
        H1,
        H2,
        H3,
        H4,
        H5,
        a,
        approximate,
      ),
    ),
  );
}

/** The slope of GELU: that at -a is gate(-a) - a gate'(-a); that at a is 1 minus it. */
// @inline
function geluSlopeWide(
  ZERO: v128,
  ONE: v128,
  MINUS_HALF: v128,
  DENSITY: v128,
  SLOPE_LINEAR: v128,
  SLOPE_CUBIC: v128,
  FAR: v128,
  LINEAR: v128,
  CUBIC: v128,
  LOG2_E: v128,
  HIGH: v128,
  LOW: v128,
  ROUND: v128,
  NORMAL: v128,
  E2: v128,
  E3: v128,
  E4: v128,
  E5: v128,
  E6: v128,
  G0: v128,
  G1: v128,
  G2: v128,
  G3: v128,
  G4: v128,
  H1: v128,
  H2: v128,
  H3: v128,
  H4: v128,
  H5: v128,
  x: v128,
  approximate: bool,
): v128 {
  const a = magnitudeWide(FAR, x);
  let slope: v128;
  if (approximate) {
    const closed = gateWide(
      ONE,
      MINUS_HALF,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      a,
      true,
    );
    const inner = madd(f32x4.mul(a, a), SLOPE_CUBIC, SLOPE_LINEAR);
    const bell = f32x4.mul(closed, f32x4.sub(ONE, closed));
    slope = f32x4.sub(closed, f32x4.mul(f32x4.mul(a, inner), bell));
  } else {
    const density = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.mul(f32x4.mul(a, a), MINUS_HALF));
    slope = f32x4.mul(density, madd(a, DENSITY, normalTailWide(ONE, G0, G1, G2, G3, G4, H1, H2, H3, H4, H5, a)));
  }
  return v128.bitselect(slope, f32x4.sub(ONE, slope), f32x4.lt(x, ZERO));
}

/** expv of the pairs of vectors from x to `end`. */
export function expvRun(x: usize, end: usize, to: usize): void {
  const ONE = f32x4.splat(ONE_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const LOWEST = f32x4.splat(LOWEST_VALUE);
  const HIGHEST = f32x4.splat(HIGHEST_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = expvWide(ONE, LOG2_E, HIGH, LOW, ROUND, LOWEST, HIGHEST, E2, E3, E4, E5, E6, a);
    const fb = expvWide(ONE, LOG2_E, HIGH, LOW, ROUND, LOWEST, HIGHEST, E2, E3, E4, E5, E6, b);
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** erfv of the pairs of vectors from x to `end`. */
export function erfvRun(x: usize, end: usize, to: usize): void {
  const ONE = f32x4.splat(ONE_VALUE);
  const JOINT = f32x4.splat(JOINT_VALUE);
  const FOUR = f32x4.splat(FOUR_VALUE);
  const P0 = f32x4.splat(P0_VALUE);
  const P1 = f32x4.splat(P1_VALUE);
  const P2 = f32x4.splat(P2_VALUE);
  const P3 = f32x4.splat(P3_VALUE);
  const P4 = f32x4.splat(P4_VALUE);
  const P5 = f32x4.splat(P5_VALUE);
  const Q0 = f32x4.splat(Q0_VALUE);
  const Q1 = f32x4.splat(Q1_VALUE);
  const Q2 = f32x4.splat(Q2_VALUE);
  const Q3 = f32x4.splat(Q3_VALUE);
  const Q4 = f32x4.splat(Q4_VALUE);
  const Q5 = f32x4.splat(Q5_VALUE);
  const MINUS_ZERO = f32x4.splat(MINUS_ZERO_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = erfvWide(
      ONE,
      JOINT,
      FOUR,
      P0,
      P1,
      P2,
      P3,
      P4,
      P5,
      Q0,
      Q1,
      Q2,
      Q3,
      Q4,
      Q5,
      MINUS_ZERO,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      a,
    );
    const fb = erfvWide(
      ONE,
      JOINT,
      FOUR,
      P0,
      P1,
      P2,
      P3,
      P4,
      P5,
      Q0,
      Q1,
      Q2,
      Q3,
      Q4,
      Q5,
      MINUS_ZERO,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      b,
    );
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** tanhv of the pairs of vectors from x to `end`. */
export function tanhvRun(x: usize, end: usize, to: usize): void {
  const ONE = f32x4.splat(ONE_VALUE);
  const MINUS_ZERO = f32x4.splat(MINUS_ZERO_VALUE);
  const NINE = f32x4.splat(NINE_VALUE);
  const N0 = f32x4.splat(N0_VALUE);
  const N1 = f32x4.splat(N1_VALUE);
  const N2 = f32x4.splat(N2_VALUE);
  const N3 = f32x4.splat(N3_VALUE);
  const N4 = f32x4.splat(N4_VALUE);
  const D1 = f32x4.splat(D1_VALUE);
  const D2 = f32x4.splat(D2_VALUE);
  const D3 = f32x4.splat(D3_VALUE);
  const D4 = f32x4.splat(D4_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = tanhvWide(ONE, MINUS_ZERO, NINE, N0, N1, N2, N3, N4, D1, D2, D3, D4, a);
    const fb = tanhvWide(ONE, MINUS_ZERO, NINE, N0, N1, N2, N3, N4, D1, D2, D3, D4, b);
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** gelu of the pairs of vectors from x to `end`. */
export function geluRun(x: usize, end: usize, to: usize): void {
  const ZERO = f32x4.splat(ZERO_VALUE);
  const FAR = f32x4.splat(FAR_VALUE);
  const ONE = f32x4.splat(ONE_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const LINEAR = f32x4.splat(LINEAR_VALUE);
  const CUBIC = f32x4.splat(CUBIC_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);
  const G0 = f32x4.splat(G0_VALUE);
  const G1 = f32x4.splat(G1_VALUE);
  const G2 = f32x4.splat(G2_VALUE);
  const G3 = f32x4.splat(G3_VALUE);
  const G4 = f32x4.splat(G4_VALUE);
  const H1 = f32x4.splat(H1_VALUE);
  const H2 = f32x4.splat(H2_VALUE);
  const H3 = f32x4.splat(H3_VALUE);
  const H4 = f32x4.splat(H4_VALUE);
  const H5 = f32x4.splat(H5_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = geluWide(
      ZERO,
      FAR,
      ONE,
      MINUS_HALF,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      a,
      false,
    );
    const fb = geluWide(
      ZERO,
      FAR,
      ONE,
      MINUS_HALF,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      b,
      false,
    );
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** geluTanh of the pairs of vectors from x to `end`. */
export function geluTanhRun(x: usize, end: usize, to: usize): void {
  const ZERO = f32x4.splat(ZERO_VALUE);
  const FAR = f32x4.splat(FAR_VALUE);
  const ONE = f32x4.splat(ONE_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const LINEAR = f32x4.splat(LINEAR_VALUE);
  const CUBIC = f32x4.splat(CUBIC_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);
  const G0 = f32x4.splat(G0_VALUE);
  const G1 = f32x4.splat(G1_VALUE);
  const G2 = f32x4.splat(G2_VALUE);
  const G3 = f32x4.splat(G3_VALUE);
  const G4 = f32x4.splat(G4_VALUE);
  const H1 = f32x4.splat(H1_VALUE);
  const H2 = f32x4.splat(H2_VALUE);
  const H3 = f32x4.splat(H3_VALUE);
  const H4 = f32x4.splat(H4_VALUE);
  const H5 = f32x4.splat(H5_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = geluWide(
      ZERO,
      FAR,
      ONE,
      MINUS_HALF,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      a,
      true,
    );
    const fb = geluWide(
      ZERO,
      FAR,
      ONE,
      MINUS_HALF,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      b,
      true,
    );
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** geluGrad of the pairs of vectors from x to `end`. */
export function geluGradRun(x: usize, end: usize, to: usize, dy: usize): void {
  const ZERO = f32x4.splat(ZERO_VALUE);
  const ONE = f32x4.splat(ONE_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const DENSITY = f32x4.splat(DENSITY_VALUE);
  const SLOPE_LINEAR = f32x4.splat(SLOPE_LINEAR_VALUE);
  const SLOPE_CUBIC = f32x4.splat(SLOPE_CUBIC_VALUE);
  const FAR = f32x4.splat(FAR_VALUE);
  const LINEAR = f32x4.splat(LINEAR_VALUE);
  const CUBIC = f32x4.splat(CUBIC_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);
  const G0 = f32x4.splat(G0_VALUE);
  const G1 = f32x4.splat(G1_VALUE);
  const G2 = f32x4.splat(G2_VALUE);
  const G3 = f32x4.splat(G3_VALUE);
  const G4 = f32x4.splat(G4_VALUE);
  const H1 = f32x4.splat(H1_VALUE);
  const H2 = f32x4.splat(H2_VALUE);
  const H3 = f32x4.splat(H3_VALUE);
  const H4 = f32x4.splat(H4_VALUE);
  const H5 = f32x4.splat(H5_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const ga = v128.load(dy);
    const gb = v128.load(dy, 16);
    dy += 32;
    const fa = geluSlopeWide(
      ZERO,
      ONE,
      MINUS_HALF,
      DENSITY,
      SLOPE_LINEAR,
      SLOPE_CUBIC,
      FAR,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      a,
      false,
    );
    const fb = geluSlopeWide(
      ZERO,
      ONE,
      MINUS_HALF,
      DENSITY,
      SLOPE_LINEAR,
      SLOPE_CUBIC,
      FAR,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      b,
      false,
    );
    const ra = f32x4.mul(fa, ga);
    const rb = f32x4.mul(fb, gb);
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** geluTanhGrad of the pairs of vectors from x to `end`. */
export function geluTanhGradRun(x: usize, end: usize, to: usize, dy: usize): void {
  const ZERO = f32x4.splat(ZERO_VALUE);
  const ONE = f32x4.splat(ONE_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const DENSITY = f32x4.splat(DENSITY_VALUE);
  const SLOPE_LINEAR = f32x4.splat(SLOPE_LINEAR_VALUE);
  const SLOPE_CUBIC = f32x4.splat(SLOPE_CUBIC_VALUE);
  const FAR = f32x4.splat(FAR_VALUE);
  const LINEAR = f32x4.splat(LINEAR_VALUE);
  const CUBIC = f32x4.splat(CUBIC_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);
  const G0 = f32x4.splat(G0_VALUE);
  const G1 = f32x4.splat(G1_VALUE);
  const G2 = f32x4.splat(G2_VALUE);
  const G3 = f32x4.splat(G3_VALUE);
  const G4 = f32x4.splat(G4_VALUE);
  const H1 = f32x4.splat(H1_VALUE);
  const H2 = f32x4.splat(H2_VALUE);
  const H3 = f32x4.splat(H3_VALUE);
  const H4 = f32x4.splat(H4_VALUE);
  const H5 = f32x4.splat(H5_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const ga = v128.load(dy);
    const gb = v128.load(dy, 16);
    dy += 32;
    const fa = geluSlopeWide(
      ZERO,
      ONE,
      MINUS_HALF,
      DENSITY,
      SLOPE_LINEAR,
      SLOPE_CUBIC,
      FAR,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      a,
      true,
    );
    const fb = geluSlopeWide(
      ZERO,
      ONE,
      MINUS_HALF,
      DENSITY,
      SLOPE_LINEAR,
      SLOPE_CUBIC,
      FAR,
      LINEAR,
      CUBIC,
      LOG2_E,
      HIGH,
      LOW,
      ROUND,
      NORMAL,
      E2,
      E3,
      E4,
      E5,
      E6,
      G0,
      G1,
      G2,
      G3,
      G4,
      H1,
      H2,
      H3,
      H4,
      H5,
      b,
      true,
    );
    const ra = f32x4.mul(fa, ga);
    const rb = f32x4.mul(fb, gb);
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}

/** expShifted of the pairs of vectors from x to `end`; returns the sum, to which all are added. */
export function expShiftedRun(x: usize, end: usize, to: usize, shift: v128, sum: v128): v128 {
  const ONE = f32x4.splat(ONE_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(a, shift));
    const fb = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(b, shift));
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
    sum = f32x4.add(f32x4.add(sum, ra), rb);
  }
  return sum;
}

/** expShiftedSum of the pairs of vectors from x to `end`; returns the sum, to which all are added; the 32 bytes at to take each pair. */
export function expShiftedSumRun(x: usize, end: usize, to: usize, shift: v128, sum: v128): v128 {
  const ONE = f32x4.splat(ONE_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(a, shift));
    const fb = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(b, shift));
    const ra = fa;
    const rb = fb;
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);

    sum = f32x4.add(f32x4.add(sum, ra), rb);
  }
  return sum;
}

/** expShiftedTimes of the pairs of vectors from x to `end`. */
export function expShiftedTimesRun(x: usize, end: usize, to: usize, shift: v128, factor: v128): void {
  const ONE = f32x4.splat(ONE_VALUE);
  const LOG2_E = f32x4.splat(LOG2_E_VALUE);
  const HIGH = f32x4.splat(HIGH_VALUE);
  const LOW = f32x4.splat(LOW_VALUE);
  const ROUND = f32x4.splat(ROUND_VALUE);
  const NORMAL = f32x4.splat(NORMAL_VALUE);
  const E2 = f32x4.splat(E2_VALUE);
  const E3 = f32x4.splat(E3_VALUE);
  const E4 = f32x4.splat(E4_VALUE);
  const E5 = f32x4.splat(E5_VALUE);
  const E6 = f32x4.splat(E6_VALUE);

  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);

    const fa = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(a, shift));
    const fb = expNegativeWide(ONE, LOG2_E, HIGH, LOW, ROUND, NORMAL, E2, E3, E4, E5, E6, f32x4.sub(b, shift));
    const ra = f32x4.mul(fa, factor);
    const rb = f32x4.mul(fb, factor);
    v128.store(to, rb, 16); // before its neighbor: see generate-pairs.mjs
    v128.store(to, ra);
    to += 32;
  }
}
