export { setTensors, setWindow } from './geometry';
export { matmul, matmulScratch } from './gemm';
export { convFilter, convFilterScratch, convForward, convInput, convRowsScratch } from './conv';
export { depthwiseFilter, depthwiseInput } from './depthwise';
export { maxPoolGrad } from './pool';
export { fillZero, gather, segmentSum, segmentSumInt } from './gather';
export { batchNorm, batchNormGrad, batchNormScratch } from './norm';
