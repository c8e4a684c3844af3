import { matmulCases } from '../test/cases/matmul.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(matmulCases);
