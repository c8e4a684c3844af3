import type { TokenDataset } from '@selfsup/data/text';
import { formatSeconds, type Output } from '../output/output.ts';
import type { RunFolder } from '../run-folder.ts';
import type { SessionResult } from '../training/train-session.ts';
import type { TextRun } from './create-text-run.ts';
import type { HeldOutProbe } from './held-out-probe.ts';
import type { TextRunFile } from './text-run-file.ts';
import type { TextRunResult } from './text-run-result.ts';

/** What {@link finishTextRun} needs. */
export interface FinishTextRunOptions {
  run: TextRun;
  file: TextRunFile;
  folder: RunFolder;
  probe: HeldOutProbe | undefined;
  session: SessionResult;
  backend: string;
  /** Whether to write report.html, with words guessed in this held-out text. */
  report: { heldOut: TokenDataset | undefined } | undefined;
  output: Output;
}

const rounded = (value: number, digits = 4) => Number(value.toFixed(digits));

function summarize(result: TextRunResult, output: Output): void {
  const rows: [string, number | undefined, string][] = [
    ['held-out loss, untrained', result.heldOutUntrained, 'nats'],
    ['unigram, training text', result.unigramLoss, 'nats'],
    ['unigram entropy', result.unigramEntropy, 'nats'],
    ['held-out loss, trained', result.heldOutLoss, 'nats'],
    ['training as a whole', result.tokensPerSecond, 'tokens/s'],
  ];
  output.line('');
  for (const [name, value, unit] of rows)
    if (value !== undefined) output.line(`  ${name.padEnd(26)}${value.toFixed(unit === 'nats' ? 4 : 0).padStart(9)} ${unit}`);
  output.line('');
}

/**
 * Measures the trained model, writes result.json and report.html, and says what came out.
 *
 * @param options see {@link FinishTextRunOptions}
 */
export async function finishTextRun(options: FinishTextRunOptions): Promise<void> {
  const { file, folder, probe, session, output } = options;
  const { settings, dataset } = file;
  const { step, totalSeconds: seconds } = session;
  const records = folder.readMetrics();
  const values = await probe?.measure();
  if (values && !records.some((record) => record.type === 'held-out' && record.step === step))
    folder.appendMetrics({ type: 'held-out', step, epoch: step / file.stepsPerEpoch, seconds, ...values });
  const losses = records.filter((record) => record.type === 'step').slice(-file.stepsPerEpoch).map((record) => Number(record['loss'])); // prettier-ignore
  const perUpdate = settings.batchSize * settings.accumulate * settings.length;
  const { reading, preparing, training } = session.seconds;
  const result: TextRunResult = {
    type: 'result',
    task: settings.task,
    dataset: dataset.name,
    encoder: settings.encoder,
    backend: options.backend,
    epochs: session.epochs,
    steps: step,
    stoppedBy: session.stoppedBy === 'time' ? 'time' : 'end',
    seconds: rounded(seconds, 2),
    ...(session.steps === 0 ? {} : { tokensPerSecond: rounded((session.steps * perUpdate) / (reading + preparing + training), 1) }),
    trainSequences: dataset.train,
    heldOutSequences: dataset.test,
    ...(losses.length === 0 ? {} : { loss: rounded(losses.reduce((sum, loss) => sum + loss, 0) / losses.length) }),
    ...(values && probe
      ? {
          heldOutLoss: rounded(values['heldOutLoss']!),
          heldOutUntrained: rounded(probe.baselines.untrained),
          heldOutTokens: probe.baselines.tokens,
          unigramLoss: rounded(probe.baselines.unigramLoss),
          unigramEntropy: rounded(probe.baselines.unigramEntropy),
        }
      : {}),
    checkpoint: await folder.hashCheckpoint(),
    run: folder.path,
  };
  await folder.writeJson('result.json', result);
  summarize(result, output);
  output.line(
    `${result.stoppedBy === 'time' ? 'Stopped by the time limit' : 'Done'}: ${result.steps} updates in ${formatSeconds(result.seconds)}.`,
  );
  if (options.report) {
    const { writeTextReport } = await import('../report/write-text-report.ts');
    await writeTextReport(folder.path, { result, heldOut: options.report.heldOut, output });
  }
  if (settings.task === 'masked-language')
    output.line(`Try it: selfsup predict-mask "Paris is the [MASK] of France." --run ${folder.path}`);
  const { type, ...fields } = result;
  output.event(type, fields);
}
