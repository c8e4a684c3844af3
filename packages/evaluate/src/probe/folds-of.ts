/** How many parts a cross-validation has. Internal. */
export const NUM_FOLDS = 5;
/** With more rows one fold decides. Internal. */
export const MANY_ROWS = 2000;

/** The fold of each row: those of a class in turn, so that each fold has its part of each class. Internal. */
export function foldsOf(labels: ArrayLike<number>, numClasses: number): Int32Array {
  const seen = new Int32Array(numClasses);
  return Int32Array.from(labels, (label) => seen[label]!++ % NUM_FOLDS);
}
