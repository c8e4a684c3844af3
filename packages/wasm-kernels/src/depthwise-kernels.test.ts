import { depthwiseCases } from '../test/cases/depthwise.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(depthwiseCases);
