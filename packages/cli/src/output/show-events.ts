import { countOf, printable } from '@selfsup/core';
import type { RunEvent, Stage } from '@selfsup/pretrain';
import type { Output } from './output.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

function startLine(event: Of<'start'>): string {
  const { task, begins, dataset, encoder, train, test, unit, epochs, stepsPerEpoch, backendDescription, step, totalSteps } = event;
  const judged = test > 0 ? `, ${test} to test on` : '';
  const way =
    step > 0
      ? `goes on after update ${step} of ${totalSteps}`
      : epochs === 0
        ? 'without updates'
        : `${countOf(epochs, 'epochs')} of ${countOf(stepsPerEpoch, 'updates')}`;
  return `${epochs === 0 && step === 0 ? printable(capital(begins)) : printable(task)} on ${printable(dataset)} (${countOf(train, unit)}${judged}): ${printable(encoder)}, ${way}, ${backendDescription}`;
}

/**
 * Shows the events of a run: lines and progress for people, or JSON lines.
 *
 * @param output where to
 * @param options `verbose`: with JSON also each update
 * @returns what takes the events, all but the last: `end` and `stopped` are for the command
 */
export function showEvents(output: Output, { verbose }: { verbose: boolean }): (event: RunEvent) => void {
  const stages = new Map<string, Stage>();
  let epochs = 0;
  const progress = ({ stage: name, done, total, unit, details, ended }: Of<'progress'>) => {
    const stage = stages.get(name) ?? output.stage(name, { total, unit });
    stages.set(name, stage);
    if (done > 0 || !ended) stage.update(done, details);
    if (!ended) return;
    stage.end();
    stages.delete(name);
  };
  return (event) => {
    const { type, ...fields } = event;
    switch (event.type) {
      case 'progress':
        progress(event);
        return;
      case 'notice':
        if (event.level === 'warning') output.warn(printable(event.text));
        else output.line(printable(event.text));
        break;
      case 'start':
        ({ epochs } = event);
        output.line(startLine(event));
        break;
      case 'epoch':
        output.line(
          `Epoch ${event.epoch}/${epochs}: loss ${event.loss.toFixed(4)}, ${Math.round(event.perSecond).toLocaleString('en-US')} ${event.unit}/s`,
        );
        break;
      case 'probe':
        output.line(`  ${event.text}`);
        break;
      case 'alarm':
        output.warn(
          `${event.step === 0 ? 'Before training' : `After update ${event.step}`}: ${event.message}. What helps: ${event.advice}`,
        );
        break;
      case 'step':
        if (!verbose) return;
        break;
      case 'end':
      case 'stopped':
        return;
      case 'health':
      case 'checkpoint':
    }
    output.event(type, fields);
  };
}
