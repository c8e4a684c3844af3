type Point = readonly [x: number, y: number];

/**
 * Keeps the shape of a long line: the lowest and the highest point of each stretch, the first and the last one, and where it breaks off.
 *
 * @param points in order of x
 * @param limit at most about so many
 * @returns some of the points, in the same order
 */
export function thinPoints(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretch = Math.ceil((2 * points.length) / limit);
  const kept = new Set<number>([0, points.length - 1]);
  for (let begin = 0; begin < points.length; begin += stretch) {
    let [lowest, highest, broken] = [-1, -1, -1];
    for (let i = begin; i < Math.min(points.length, begin + stretch); i++) {
      const y = points[i]![1];
      if (!Number.isFinite(y)) broken = i;
      else {
        if (lowest < 0 || y < points[lowest]![1]) lowest = i;
        if (highest < 0 || y > points[highest]![1]) highest = i;
      }
    }
    for (const i of [lowest, highest, broken]) if (i >= 0) kept.add(i);
  }
  return [...kept].sort((a, b) => a - b).map((i) => points[i]!);
}
