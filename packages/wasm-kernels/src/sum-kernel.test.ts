import { sumCases } from '../test/cases/sum.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(sumCases);
