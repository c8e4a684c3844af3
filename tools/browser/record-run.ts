// A run of examples/browser-training as numbers that can be compared: the same function is used in Node, on a page and for a worker.
import * as tf from '@tensorflow/tfjs-core';
import type { Lesson, Message } from '../../examples/browser-training/learn.ts';
import { madeUpPictures } from '../../examples/browser-training/made-up-pictures.ts';

/** What can be compared of a run. */
export interface RecordedRun {
  readonly backend: string;
  readonly losses: readonly number[];
  /** The kinds of its events, in order, without progress and notices. */
  readonly events: readonly string[];
  /** sha256 of the encoder's bytes. */
  readonly encoder: string;
  /** sha256 of what it makes of the pictures. */
  readonly features: string;
  readonly verdict: string;
  /** Tensors left in this thread. */
  readonly tensors: number;
  readonly seconds: number;
}

/** The threads that every check asks for, whatever the place can give. */
export const THREADS = 2;

/** SHA-256 of bytes in hexadecimal. */
export async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Makes pictures, learns from them and notes what came of it.
 *
 * @param learn `learn` or `learnInWorker` of the example
 * @returns see {@link RecordedRun}
 */
export async function recordRun(learn: (lesson: Lesson, say: (message: Message) => void) => Promise<void>): Promise<RecordedRun> {
  const messages: Message[] = [];
  const pictures = await madeUpPictures(160);
  const start = performance.now();
  await learn({ pictures, epochs: 2, backend: 'wasm', threads: THREADS }, (message) => messages.push(message));
  const seconds = (performance.now() - start) / 1000;
  const find = <T extends Message['type']>(type: T) =>
    messages.find((message): message is Extract<Message, { type: T }> => message.type === type)!;
  const [begin, end] = [find('start'), find('end')];
  const features = messages.findLast((message) => message.type === 'features')!;
  return {
    backend: begin.backendDescription,
    losses: messages.flatMap((message) => (message.type === 'step' ? [message.loss] : [])),
    events: messages.map(({ type }) => type).filter((type) => type !== 'progress' && type !== 'notice'),
    encoder: await digest(end.encoder),
    features: await digest(new Uint8Array(features.features.data.buffer)),
    verdict: end.result.verdict.join(' '),
    tensors: tf.engine().state.numTensors, // also where this thread has no backend
    seconds,
  };
}
