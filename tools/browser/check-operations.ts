// `backendChecks` in a page, as `npm run test:backends` makes them in Node.
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { runChecks } from '../backends-check/run-checks.ts';
import type { PlaceFindings } from '../backends-check/findings.ts';

/** What was found in this page. */
export type OperationsAnswer = Required<Pick<PlaceFindings, 'description' | 'checks' | 'seconds' | 'versions'>>;

/**
 * Checks every operation on one backend, once each: on a simulated GPU each shape is a program to compile.
 *
 * @param prefer the backend
 */
export async function checkOperations(prefer: string): Promise<OperationsAnswer> {
  const prepare = () => selectBackend({ prefer });
  const { description } = await prepare();
  const { checks, seconds } = await runChecks({ cases: 1, curves: [], slack: prefer === 'webgpu' ? 5 : 1, onFailure: prepare });
  return { description, checks, seconds, versions: { 'tfjs-core': tf.version_core } };
}
