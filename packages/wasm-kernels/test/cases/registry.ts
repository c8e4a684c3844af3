import type { CaseMaker } from '../case-maker.ts';
import { arithmeticCases } from './arithmetic.ts';
import { batchNormCases } from './batch-norm.ts';
import { castCases } from './cast.ts';
import { clampCases } from './clamp.ts';
import { convolution3dCases } from './convolution-3d.ts';
import { convolutionCases } from './convolution.ts';
import { crossEntropyCases } from './cross-entropy.ts';
import { depthwiseCases } from './depthwise.ts';
import { dilationCases } from './dilation.ts';
import { dropoutCases } from './dropout.ts';
import { elementwiseCases } from './elementwise.ts';
import { fusedConvolutionCases } from './fused-convolution.ts';
import { gatherCases } from './gather.ts';
import { groupNormCases } from './group-norm.ts';
import { identityCases } from './identity.ts';
import { l2NormalizeCases } from './l2-normalize.ts';
import { layerNormCases } from './layer-norm.ts';
import { matmulCases } from './matmul.ts';
import { oneHotCases } from './one-hot.ts';
import { optimizerCases } from './optimizers.ts';
import { pooling3dCases } from './pooling-3d.ts';
import { poolingCases } from './pooling.ts';
import { preluCases } from './prelu.ts';
import { reductionCases } from './reduction.ts';
import { resizeCases } from './resize.ts';
import { softmaxCases } from './softmax.ts';
import { transposeCases } from './transpose.ts';
import { winogradCases } from './winograd.ts';

/** Every maker of random cases; each kernel that the package registers needs at least one. */
export const caseMakers: readonly CaseMaker[] = [
  ...matmulCases,
  ...convolutionCases,
  ...convolution3dCases,
  ...fusedConvolutionCases,
  ...depthwiseCases,
  ...winogradCases,
  ...poolingCases,
  ...gatherCases,
  ...identityCases,
  ...oneHotCases,
  ...reductionCases,
  ...transposeCases,
  ...batchNormCases,
  ...groupNormCases,
  ...layerNormCases,
  ...l2NormalizeCases,
  ...elementwiseCases,
  ...softmaxCases,
  ...crossEntropyCases,
  ...dropoutCases,
  ...optimizerCases,
  ...pooling3dCases,
  ...castCases,
  ...clampCases,
  ...arithmeticCases,
  ...dilationCases,
  ...preluCases,
  ...resizeCases,
];
