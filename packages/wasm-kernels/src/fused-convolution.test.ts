import { fusedConvolutionCases } from '../test/cases/fused-convolution.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(fusedConvolutionCases);
