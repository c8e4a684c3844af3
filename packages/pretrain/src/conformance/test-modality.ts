import { SelfsupError } from '@selfsup/core';
import type { ModalityConformanceOptions } from './modality-conformance.ts';
import { modalityChecks } from './modality-checks.ts';

/**
 * Makes all checks of the conformance kit on a modality; see `modalityChecks` for one test each.
 *
 * @param options see {@link ModalityConformanceOptions}
 * @returns once all checks have passed
 * @throws SelfsupError `SELFSUP_PLUGIN_API` that names each check that failed, with its reason, or that two plugins bring different things of one name
 * @example
 * ```ts
 * import { testModality } from '@selfsup/pretrain/testing';
 * await testModality({ modality: tableModality, plugins: [tablePlugin], data: { table, labels }, badData: { 'no rows': { table: [] } } });
 * ```
 */
export async function testModality(options: ModalityConformanceOptions): Promise<void> {
  const checks = modalityChecks(options);
  const failures: { name: string; error: unknown }[] = [];
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      failures.push({ name, error });
    }
  }
  if (failures.length === 0) return;
  const lines = failures.map(({ name, error }) => `- ${name}: ${error instanceof Error ? error.message : String(error)}`);
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    `testModality: ${options.modality.name} fails ${failures.length} of ${checks.length} checks\n${lines.join('\n')}`,
    { cause: failures[0]!.error },
  );
}
