import { arithmeticCases } from '../test/cases/arithmetic.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(arithmeticCases);
