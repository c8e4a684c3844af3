import { convolutionCases } from '../test/cases/convolution.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(convolutionCases);
