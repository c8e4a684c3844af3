/** What color jitter is made of. */
export type ColorOperation = 'brightness' | 'contrast' | 'saturation' | 'hue';

/** All of {@link ColorOperation}, in the order in which they act unless another is given. */
export const COLOR_OPERATIONS: readonly ColorOperation[] = ['brightness', 'contrast', 'saturation', 'hue'];

/** The 24 orders of the four. */
export const COLOR_ORDERS: readonly (readonly ColorOperation[])[] = ordersOf(COLOR_OPERATIONS);

function ordersOf(operations: readonly ColorOperation[]): ColorOperation[][] {
  if (operations.length === 0) return [[]];
  return operations.flatMap((first) => ordersOf(operations.filter((operation) => operation !== first)).map((rest) => [first, ...rest]));
}
