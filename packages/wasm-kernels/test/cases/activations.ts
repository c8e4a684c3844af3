/** The activations that tfjs fuses, in float64; `alpha` is the slope of leakyrelu and prelu below zero. */
export function activate64(name: string, x: number, alpha: number): number {
  switch (name) {
    case 'relu':
      return x < 0 ? 0 : x; // NaN stays NaN
    case 'relu6':
      return x < 0 ? 0 : x > 6 ? 6 : x;
    case 'elu':
      return x < 0 ? Math.expm1(x) : x;
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'leakyrelu':
    case 'prelu':
      return x < 0 ? alpha * x : x;
    default:
      return x;
  }
}
