import { existsSync } from 'node:fs';
import { selectBackend } from '@selfsup/backends';
import { readCheckpoint } from '@selfsup/trainer';
import type { RunConfig } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { createRunFolder, runFolder } from '../run-folder.ts';
import { chooseDocuments } from '../text/choose-documents.ts';
import { createTextRun } from '../text/create-text-run.ts';
import { finishTextRun } from '../text/finish-text-run.ts';
import { createHeldOutProbe } from '../text/held-out-probe.ts';
import { openText } from '../text/open-text.ts';
import { readRunTokenizer } from '../text/open-text-run.ts';
import { assertSameText, describeTextRun, planTextRun, type TextRunPlan } from '../text/plan-text-run.ts';
import { stopOnInterrupt } from '../training/stop-on-interrupt.ts';
import { createRunWatch } from '../training/run-watch.ts';
import { trainSession } from '../training/train-session.ts';

async function withDocuments(plan: TextRunPlan, output: Output): Promise<TextRunPlan> {
  return { ...plan, settings: { ...plan.settings, documents: await chooseDocuments(plan.settings, output) } };
}

/**
 * `selfsup train` on text: pretrains an encoder and writes the folder of the run.
 *
 * @param flags the flags of the command line
 * @param options `configFile` of `--config`; where to report
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runTrainText(flags: RunConfig, options: { configFile: string | undefined; output: Output }): Promise<number> {
  const { configFile, output } = options;
  const planned = await planTextRun(flags, configFile);
  const plan = planned.earlier || planned.config.documents ? planned : await withDocuments(planned, output);
  const { settings, config, path, earlier } = plan;
  const backend = await selectBackend({ prefer: config.backend ?? 'auto' });
  for (const reason of backend.rejected) output.warn(`selfsup: ${reason}`);
  const text = await openText(settings, { output, tokenizer: earlier && (await readRunTokenizer(path, earlier)) });
  const { invalidBytes, firstInvalid } = text.statistics;
  if (firstInvalid)
    output.warn(
      `selfsup: replaced ${invalidBytes} places that are no UTF-8, the first at byte ${firstInvalid.byte} of ${firstInvalid.path}`,
    );
  if (earlier) assertSameText(earlier, text);
  const run = createTextRun(settings, { text, config });
  try {
    const file = earlier ?? describeTextRun(plan, { text, backend: backend.name, run });
    const saved = earlier && existsSync(runFolder(path).checkpoint) ? await readCheckpoint(runFolder(path).checkpoint) : undefined;
    const { dataset } = file;
    const { task, encoder, epochs, batchSize, accumulate, length } = settings;
    output.event('start', { run: path, task, encoder, backend: backend.name, ...dataset, epochs, totalSteps: run.totalSteps });
    output.line(
      `${task} on ${dataset.name}: ${dataset.tokens} tokens in ${dataset.documents} documents; ${dataset.train} sequences of ${length} to learn from, ${dataset.test} held out`,
    );
    output.line(
      `${encoder} on ${backend.description}; ${run.totalSteps} updates of ${batchSize * accumulate} sequences in ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, into ${path}`,
    );
    const folder = earlier ? runFolder(path) : await createRunFolder(path, file);
    if (!earlier) await folder.writeJson('tokenizer.json', text.tokenizer.toJson());
    const probe = await createHeldOutProbe(run, { text, settings, folder, output }); // before the weights are restored
    if (saved) await run.trainer.restore(saved);
    if (earlier) await folder.truncateMetrics(run.trainer.step);
    if (earlier) output.line(`Continuing at update ${run.trainer.step}`);
    const secondsBefore = folder.readMetrics().reduce((longest, { seconds }) => Math.max(longest, seconds), 0);
    const interrupt = stopOnInterrupt(output);
    const session = await trainSession(run, {
      folder,
      epochs,
      throughput: { unit: 'tokens', perUpdate: batchSize * accumulate * length },
      session: { ...config, knnEvery: config.knnEvery ?? 1 },
      probe,
      watch: createRunWatch({ folder, output }),
      secondsBefore,
      output,
      signal: interrupt.signal,
    }).finally(interrupt.release);
    if (session.stoppedBy === 'signal') {
      const resume = `selfsup train --resume --out ${path}`;
      output.event('stopped', { step: session.step, totalSteps: run.totalSteps, checkpoint: folder.checkpoint, resume });
      output.warn(`selfsup: stopped after update ${session.step} of ${run.totalSteps}; continue with: ${resume}`);
      return 130;
    }
    const report = config.report === false ? undefined : { heldOut: text.validation };
    await finishTextRun({ run, file, folder, probe, session, backend: backend.name, report, output });
    return 0;
  } finally {
    run.trainer.dispose();
  }
}
