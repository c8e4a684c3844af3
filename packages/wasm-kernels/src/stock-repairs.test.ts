// Kernels of the stock backend that training meets and that are wrong there.
import { castCases } from '../test/cases/cast.ts';
import { pooling3dCases } from '../test/cases/pooling-3d.ts';
import { preluCases } from '../test/cases/prelu.ts';
import { resizeCases } from '../test/cases/resize.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases([...castCases, ...pooling3dCases, ...preluCases, ...resizeCases]);
