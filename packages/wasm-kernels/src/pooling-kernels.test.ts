import { poolingCases } from '../test/cases/pooling.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(poolingCases);
