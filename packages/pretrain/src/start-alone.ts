import type { RunFile } from './run-file.ts';

/** The start that every encoder has: fresh weights. */
export const RANDOM = 'random';

/** A run that made no updates. */
export interface StartAlone {
  /** What it is, in words, such as `the start from patches`. */
  readonly name: string;
  /** Whether something was computed from the data; otherwise there is nothing that could have helped. */
  readonly isComputed: boolean;
}

/**
 * What a run keeps that makes no updates, in words.
 *
 * @param run its start, and the encoder that it goes on from
 * @returns such as `the start from patches`
 */
export function describeStart({ start, init }: { readonly start: string; readonly init?: string | undefined }): string {
  if (init !== undefined) return `the encoder ${init}`;
  return start === RANDOM ? 'random weights' : `the start from ${start}`;
}

/** What a run is that makes no updates; undefined: it makes some. Internal. */
export const startAloneOf = ({ init, settings }: Pick<RunFile, 'init' | 'settings'>, steps: number): StartAlone | undefined =>
  settings.epochs > 0 || steps > 0
    ? undefined
    : { name: describeStart({ start: settings.start, init: init?.origin }), isComputed: !init && settings.start !== RANDOM };
