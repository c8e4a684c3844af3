export { setTensors, setWindow } from './geometry';
export { matmul, matmulScratch } from './gemm';
export { convForward, convInput, convRowsScratch } from './conv';
export { convFilter, convFilterScratch } from './conv-filter';
export { depthwiseFilter, depthwiseInput } from './depthwise';
export { maxPoolGrad } from './pool';
export { fillZero, gather, segmentSum, segmentSumInt } from './gather';
export { batchNorm, batchNormScratch } from './norm';
export { batchNormGrad } from './norm-grad';
