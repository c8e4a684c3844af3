import { z } from 'zod';

/** So many times a target network is renewed in the course of a short run, if the weight of what is new stays what it is at the start. */
const RENEWALS = 10;

/**
 * The weight of a target network's old weights that lets go of its random start in time: in a run of a few hundred updates a network with the momentum of one of
 * hundreds of thousands would stay what it was at the start.
 *
 * @param paper the paper's, for long runs
 * @param totalSteps updates of the run
 * @returns the paper's, or 1 − 10/totalSteps where that is less, at least 0
 */
export const momentumOfRun = (paper: number, totalSteps: number): number => Math.max(0, Math.min(paper, 1 - RENEWALS / totalSteps));

/**
 * An option for it.
 *
 * @param paper the paper's
 * @param what what it is, as its description begins
 * @returns a schema without a default, which depends on the run
 */
export const momentumOfPaper = (paper: number, what: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      `${what}; default that of the paper, ${paper}, or 1 - ${RENEWALS} / updates in runs below ${Math.round(RENEWALS / (1 - paper))} updates`,
    );
