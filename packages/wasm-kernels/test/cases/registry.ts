import type { CaseMaker } from '../case-maker.ts';
import { batchNormCases } from './batch-norm.ts';
import { castCases } from './cast.ts';
import { convolution3dCases } from './convolution-3d.ts';
import { convolutionCases } from './convolution.ts';
import { depthwiseCases } from './depthwise.ts';
import { fusedConvolutionCases } from './fused-convolution.ts';
import { gatherCases } from './gather.ts';
import { identityCases } from './identity.ts';
import { matmulCases } from './matmul.ts';
import { oneHotCases } from './one-hot.ts';
import { pooling3dCases } from './pooling-3d.ts';
import { preluCases } from './prelu.ts';
import { resizeCases } from './resize.ts';
import { poolingCases } from './pooling.ts';
import { sumCases } from './sum.ts';

/** Every maker of random cases; each kernel that the package registers needs at least one. */
export const caseMakers: readonly CaseMaker[] = [
  ...matmulCases,
  ...convolutionCases,
  ...convolution3dCases,
  ...fusedConvolutionCases,
  ...depthwiseCases,
  ...poolingCases,
  ...gatherCases,
  ...identityCases,
  ...oneHotCases,
  ...sumCases,
  ...batchNormCases,
  ...pooling3dCases,
  ...castCases,
  ...preluCases,
  ...resizeCases,
];
