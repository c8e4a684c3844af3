type Eight = [number, number, number, number, number, number, number, number];

/**
 * The functions of the compiled kernels; pointers are byte offsets in the backend's memory, 0 for an optional operand that is absent. The geometry of
 * convolutions and pooling is set before. Each group belongs to the file of that name.
 */
export interface KernelExports {
  // team: one kernel on several threads
  /** The place of this instance, the most members of a team, the address of the 256 bytes of its barrier. Called once. */
  takeSeat(place: number, most: number, gate: number): void;
  /** How many members the next calls have. */
  setTeam(count: number): void;
  /** Lets the members that wait at a barrier trap. */
  breakTeam(): void;

  setTensors(n: number, h: number, w: number, c: number, oh: number, ow: number, oc: number): void;
  setWindow(kh: number, kw: number, sh: number, sw: number, top: number, left: number, dh: number, dw: number): void;
  matmulScratch(m: number, n: number, k: number, transposeA: number): number;
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
  matmulBatchScratch(batches: number, m: number, n: number, k: number, transposeA: number): number;
  /** `batches` products, operands `stepA` and `stepB` bytes apart. */
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
  convRowsScratch(channels: number, columns: number): number;
  convFilterScratch(): number;
  convForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  convInput(dy: number, w: number, dx: number, scratch: number): void;
  convFilter(x: number, dy: number, dw: number, scratch: number): void;
  gather(x: number, indices: number, out: number, batches: number, outer: number, dim: number, count: number, sliceBytes: number): number;
  segmentSumScratch(rows: number, size: number, segments: number): number;
  segmentSum(x: number, ids: number, out: number, rows: number, size: number, segments: number, scratch: number): void;
  segmentSumInt(x: number, ids: number, out: number, rows: number, size: number, segments: number): void;
  fillZero(to: number, bytes: number): void;

  // batch-norm-kernels
  batchNormScratch(channels: number): number;
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
    scratch: number,
  ): void;
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
    scratch: number,
  ): void;

  // convolution-3d-kernels
  addTo(to: number, from: number, count: number): void;

  // cross-entropy-kernels
  crossEntropy(logits: number, labels: number, losses: number, logSumExp: number, rows: number, classes: number): number;
  crossEntropyGrad(dy: number, logits: number, labels: number, logSumExp: number, dLogits: number, rows: number, classes: number): void;

  // depthwise-kernels
  depthwiseForwardScratch(): number;
  depthwiseForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  depthwiseInputScratch(): number;
  depthwiseInput(dy: number, w: number, dx: number, scratch: number): void;
  depthwiseFilterScratch(): number;
  depthwiseFilter(x: number, dy: number, dw: number, scratch: number): void;

  // dropout-kernel
  dropout(x: number, y: number, count: number, key0: number, key1: number, threshold: number, scale: number): void;

  // elementwise-kernels
  unary(f: number, x: number, y: number, count: number): void;
  geluForward(x: number, y: number, count: number, approximate: number): void;
  geluGrad(dy: number, x: number, dx: number, count: number, approximate: number): void;

  // group-norm-kernels
  groupNormScratch(channels: number): number;
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

  // l2-normalize-kernels
  l2Normalize(x: number, y: number, norm: number, rows: number, columns: number, epsilon: number): void;
  l2NormalizeGrad(dy: number, y: number, norm: number, dx: number, rows: number, columns: number, epsilon: number): void;

  // layer-norm-kernels
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
  layerNormScratch(features: number): number;
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

  // optimizer-kernels
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

  // pooling-3d-kernels
  /** Sizes of x and y, window, strides, pads. */
  maxPool3d(x: number, y: number, ...sizes: [...Eight, ...Eight, number]): void;

  // pooling-kernels
  maxPool(x: number, y: number): void;
  avgPool(x: number, y: number): void;
  maxPoolGrad(x: number, dy: number, dx: number): void;
  avgPoolGrad(dy: number, dx: number): void;

  // clamp-kernels
  clamp(x: number, y: number, count: number, low: number, high: number): void;
  extremum(a: number, b: number, y: number, count: number, wideA: number, wideB: number, smallest: number): void;

  // reduction-kernels
  sumMiddleScratch(inner: number): number;
  sumMiddle(x: number, y: number, outer: number, rows: number, inner: number, divisor: number, scratch: number): void;

  // softmax-kernels
  softmax(x: number, mask: number, y: number, outer: number, middle: number, inner: number, columns: number, scale: number): void;
  softmaxGrad(dy: number, y: number, dx: number, rows: number, columns: number, scale: number): void;

  // winograd
  winogradForwardScratch(): number;
  winogradForward(x: number, w: number, y: number, bias: number, act: number, scratch: number): void;
  winogradInputScratch(): number;
  winogradInput(dy: number, w: number, dx: number, scratch: number): void;
  winogradFilterScratch(): number;
  winogradFilter(x: number, dy: number, dw: number, scratch: number): void;
}
