// Written by scripts/build-assets.mjs from what the compiler exports.

/**
 * The functions of the compiled kernels; pointers are byte offsets in the backend's memory, 0 for an optional operand that is absent; flags are 0 or 1. The
 * geometry of convolutions and pooling is set before.
 */
export interface KernelExports {
  // assembly/geometry.ts
  setTensors(n: number, h: number, w: number, c: number, oh: number, ow: number, oc: number): void;
  setWindow(kh: number, kw: number, sh: number, sw: number, top: number, left: number, dh: number, dw: number): void;

  // assembly/gemm.ts
  matmul(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: number,
    transposeB: number,
    bias: number,
    act: number,
    scratch: number,
  ): void;
  matmulBatch(
    a: number,
    b: number,
    c: number,
    batches: number,
    stepA: number,
    stepB: number,
    m: number,
    n: number,
    k: number,
    transposeA: number,
    transposeB: number,
    bias: number,
    act: number,
    scratch: number,
  ): void;
  matmulBatchScratch(batches: number, m: number, n: number, k: number, transposeA: number): number;
  matmulScratch(m: number, n: number, k: number, transposeA: number): number;

  // assembly/conv.ts
  convForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  convInput(dy: number, w: number, dx: number, scratch: number): void;
  convRowsScratch(channels: number, columns: number): number;

  // assembly/conv-filter.ts
  convFilter(x: number, dy: number, dw: number, scratch: number): void;
  convFilterScratch(): number;

  // assembly/depthwise.ts
  depthwiseForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  depthwiseForwardScratch(): number;

  // assembly/depthwise-input.ts
  depthwiseInput(dy: number, w: number, dx: number, scratch: number): void;
  depthwiseInputScratch(): number;

  // assembly/depthwise-filter.ts
  depthwiseFilter(x: number, dy: number, dw: number, scratch: number): void;
  depthwiseFilterScratch(): number;

  // assembly/pool.ts
  maxPoolGrad(x: number, dy: number, dx: number): void;

  // assembly/pool-forward.ts
  avgPool(x: number, y: number): void;
  maxPool(x: number, y: number): void;

  // assembly/clamp.ts
  clamp(x: number, y: number, count: number, low: number, high: number): void;
  extremum(a: number, b: number, y: number, count: number, wideA: number, wideB: number, smallest: number): void;
  sign(x: number, y: number, count: number): void;

  // assembly/winograd.ts
  winogradForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  winogradForwardScratch(): number;
  winogradInput(dy: number, w: number, dx: number, scratch: number): void;
  winogradInputScratch(): number;

  // assembly/winograd-filter.ts
  winogradFilter(x: number, dy: number, dw: number, scratch: number): void;
  winogradFilterScratch(): number;

  // assembly/norm.ts
  batchNorm(
    x: number,
    scale: number,
    offset: number,
    residual: number,
    y: number,
    mean: number,
    variance: number,
    rows: number,
    channels: number,
    epsilon: number,
    relu: number,
    pass: number,
    scratch: number,
  ): void;
  batchNormScratch(rows: number, channels: number): number;

  // assembly/norm-grad.ts
  batchNormGrad(
    dy: number,
    x: number,
    y: number,
    mean: number,
    variance: number,
    scale: number,
    offset: number,
    dx: number,
    dScale: number,
    dOffset: number,
    dResidual: number,
    rows: number,
    channels: number,
    epsilon: number,
    pass: number,
    count: number,
    scratch: number,
  ): void;

  // assembly/reduce.ts
  sumMiddle(x: number, y: number, outer: number, rows: number, inner: number, divisor: number, scratch: number): void;
  sumMiddleScratch(inner: number): number;

  // assembly/avg-pool.ts
  avgPoolGrad(dy: number, dx: number): void;

  // assembly/group-norm.ts
  groupNorm(
    x: number,
    scale: number,
    offset: number,
    y: number,
    mean: number,
    variance: number,
    samples: number,
    pixels: number,
    channels: number,
    groups: number,
    epsilon: number,
    scratch: number,
  ): void;
  groupNormGrad(
    dy: number,
    x: number,
    mean: number,
    variance: number,
    scale: number,
    dx: number,
    dScale: number,
    dOffset: number,
    samples: number,
    pixels: number,
    channels: number,
    groups: number,
    epsilon: number,
    scratch: number,
  ): void;
  groupNormScratch(samples: number, channels: number): number;

  // assembly/l2-normalize.ts
  l2Normalize(x: number, y: number, norm: number, rows: number, columns: number, epsilon: number): void;
  l2NormalizeGrad(dy: number, y: number, norm: number, dx: number, rows: number, columns: number, epsilon: number): void;

  // assembly/gather.ts
  fillZero(to: number, bytes: number): void;
  gather(x: number, indices: number, out: number, batches: number, outer: number, dim: number, count: number, sliceBytes: number): number;
  segmentSum(x: number, ids: number, out: number, rows: number, size: number, segments: number, scratch: number): void;
  segmentSumInt(x: number, ids: number, out: number, rows: number, size: number, segments: number): void;
  segmentSumScratch(rows: number, size: number, segments: number): number;

  // assembly/unary.ts
  geluForward(x: number, y: number, count: number, approximate: number): void;
  geluGrad(dy: number, x: number, dx: number, count: number, approximate: number): void;
  unary(f: number, x: number, y: number, count: number): void;

  // assembly/layer-norm.ts
  layerNorm(
    x: number,
    scale: number,
    offset: number,
    y: number,
    mean: number,
    inverse: number,
    rows: number,
    features: number,
    epsilon: number,
  ): void;
  layerNormGrad(
    dy: number,
    x: number,
    mean: number,
    inverse: number,
    scale: number,
    dx: number,
    dScale: number,
    dOffset: number,
    rows: number,
    features: number,
    scratch: number,
  ): void;
  layerNormScratch(rows: number, features: number): number;

  // assembly/softmax.ts
  softmax(x: number, mask: number, y: number, outer: number, middle: number, inner: number, columns: number, scale: number): void;
  softmaxGrad(dy: number, y: number, dx: number, rows: number, columns: number, scale: number): void;

  // assembly/cross-entropy.ts
  crossEntropy(logits: number, labels: number, losses: number, logSumExp: number, rows: number, classes: number, scratch: number): number;
  crossEntropyGrad(dy: number, logits: number, labels: number, logSumExp: number, dLogits: number, rows: number, classes: number): void;
  crossEntropyScratch(): number;

  // assembly/dropout.ts
  dropout(x: number, y: number, count: number, key0: number, key1: number, first: number, threshold: number, scale: number): void;

  // assembly/optimizers.ts
  adamWUpdate(
    gradient: number,
    first: number,
    second: number,
    variable: number,
    update: number,
    nextFirst: number,
    nextSecond: number,
    count: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    forMoment: number,
    decay: number,
  ): void;
  emaUpdate(old: number, fresh: number, to: number, count: number, momentum: number): void;
  sgdUpdate(
    gradient: number,
    velocity: number,
    variable: number,
    update: number,
    nextVelocity: number,
    count: number,
    rate: number,
    momentum: number,
    decay: number,
    nesterov: number,
  ): void;

  // assembly/lars.ts
  larsUpdate(
    gradient: number,
    velocity: number,
    variable: number,
    update: number,
    nextVelocity: number,
    count: number,
    rate: number,
    momentum: number,
    decay: number,
    trust: number,
    epsilon: number,
    split: number,
    inside: number,
    clip: number,
  ): void;

  // assembly/add-to.ts
  addTo(
    to: number,
    from: number,
    size: number,
    count: number,
    toStep: number,
    fromStep: number,
    batches: number,
    toBatch: number,
    fromBatch: number,
  ): void;

  // assembly/arithmetic.ts
  arithmetic(
    f: number,
    a: number,
    b: number,
    y: number,
    rows: number,
    columns: number,
    stepA: number,
    stepB: number,
    wideA: number,
    wideB: number,
  ): void;
  permuteRows(
    x: number,
    y: number,
    sizeI: number,
    sizeJ: number,
    sizeK: number,
    stepI: number,
    stepJ: number,
    stepK: number,
    bytes: number,
  ): void;

  // assembly/pool-3d.ts
  maxPool3d(
    x: number,
    y: number,
    batch: number,
    depth: number,
    height: number,
    width: number,
    channels: number,
    outDepth: number,
    outHeight: number,
    outWidth: number,
    filterDepth: number,
    filterHeight: number,
    filterWidth: number,
    strideDepth: number,
    strideHeight: number,
    strideWidth: number,
    front: number,
    top: number,
    left: number,
  ): void;

  // assembly/team.ts
  breakTeam(): void;
  setTeam(count: number): void;
  takeSeat(place: number, most: number, gateAddress: number, patience: number): void;
}
