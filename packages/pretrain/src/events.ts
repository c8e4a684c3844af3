import type { ReportData } from './section.ts';
import type { Measures } from './probe.ts';
import type { RunResult } from './run-result.ts';

/** What a run says while it goes on. All are plain data, so that a worker can post them to its page. */
export type RunEvent =
  | {
      readonly type: 'start';
      /** Where the run is kept. */
      readonly run: string;
      readonly task: string;
      readonly modality: string;
      readonly encoder: string;
      /** What it begins with, in words, such as `the start from patches`; with no epochs that is what the run is. */
      readonly begins: string;
      readonly backend: string;
      /** The backend in words. */
      readonly backendDescription: string;
      readonly dataset: string;
      /** What is counted, such as `images`. */
      readonly unit: string;
      readonly train: number;
      readonly test: number;
      readonly skipped: number;
      readonly epochs: number;
      readonly batchSize: number;
      readonly stepsPerEpoch: number;
      readonly totalSteps: number;
      /** Updates done before: 0 for a new run. */
      readonly step: number;
    }
  | {
      readonly type: 'step';
      /** Updates done. */
      readonly step: number;
      /** Passes over the data, with fractions. */
      readonly epoch: number;
      readonly loss: number;
      readonly learningRate: number;
      readonly metrics: Measures;
      /** Of training until here, over all sessions. */
      readonly seconds: number;
    }
  | {
      readonly type: 'epoch';
      /** Whole passes done. */
      readonly epoch: number;
      readonly step: number;
      /** The mean over the epoch. */
      readonly loss: number;
      readonly seconds: number;
      /** Throughput of this session. */
      readonly perSecond: number;
      /** What is counted in it. */
      readonly unit: string;
    }
  | {
      readonly type: 'probe';
      readonly probe: string;
      readonly epoch: number;
      readonly step: number;
      readonly measures: Measures;
      readonly text: string;
    }
  | { readonly type: 'health'; readonly epoch: number; readonly step: number; readonly measures: Measures }
  | {
      readonly type: 'alarm';
      readonly step: number;
      readonly kind: string;
      readonly metric: string;
      readonly value: number;
      readonly threshold: number;
      readonly message: string;
      readonly advice: string;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly bytes: number }
  | {
      readonly type: 'progress';
      /** Such as `Reading images`. */
      readonly stage: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      readonly details: Readonly<Record<string, string>>;
      /** True once, at the end. */
      readonly ended: boolean;
    }
  | { readonly type: 'notice'; readonly level: 'line' | 'warning'; readonly text: string }
  | { readonly type: 'stopped'; readonly step: number; readonly totalSteps: number }
  | {
      readonly type: 'end';
      readonly result: RunResult;
      /** The kept encoder with all that it needs, for `loadEncoder`. */
      readonly encoder: Uint8Array;
      /** What a report shows; there if it was asked for. */
      readonly report?: ReportData;
      /** The run had been finished before: this session found nothing to do, and read result and encoder from the store. */
      readonly wasFinished?: true;
    };
