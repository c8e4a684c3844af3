import { join } from 'node:path';
import { runFileNames, type ReportData, type RunStore } from '@selfsup/pretrain';
import { renderReport } from '@selfsup/report';

/** Draws a report into report.html of a run; gives its path. */
export async function writeReport(store: RunStore, report: ReportData): Promise<string> {
  await store.write(runFileNames.report, new TextEncoder().encode(await renderReport(report)));
  return join(store.name, runFileNames.report);
}
