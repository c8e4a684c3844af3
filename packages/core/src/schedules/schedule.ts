/** A value as a function of the number of optimizer updates done so far (0 at the first). */
export type Schedule = (step: number) => number;

/** A constant, or a {@link Schedule}. */
export type ScalarOrSchedule = number | Schedule;

/**
 * The value of a constant or a schedule at a step.
 *
 * @param value a number, or a function of the step
 * @param step optimizer updates done so far
 * @returns the number in force at that step
 */
export function valueAt(value: ScalarOrSchedule, step: number): number {
  return typeof value === 'number' ? value : value(step);
}
