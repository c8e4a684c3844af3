import { oneHotCases } from '../test/cases/one-hot.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(oneHotCases);
