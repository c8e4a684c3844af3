import type { Operation } from '../operation.ts';
import { arithmeticOperations } from './arithmetic.ts';
import { elementwiseOperations } from './elementwise.ts';
import { layerOperations } from './layers.ts';
import { normalizationOperations } from './normalizations.ts';
import { poolOperations } from './pools.ts';
import { productOperations } from './products.ts';
import { reductionOperations } from './reductions.ts';
import { rowOperations } from './rows.ts';
import { shapeOperations } from './shapes.ts';
import { updateOperations } from './updates.ts';

/** Every operation that is checked. Internal. */
export const operations: readonly Operation[] = [
  ...arithmeticOperations,
  ...elementwiseOperations,
  ...reductionOperations,
  ...shapeOperations,
  ...rowOperations,
  ...productOperations,
  ...poolOperations,
  ...normalizationOperations,
  ...layerOperations,
  ...updateOperations,
];
