/** Who imports whom: each name and the names that it leads to. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** Some names of a graph that all reach each other. */
export interface Circle {
  /** All of them, sorted. */
  readonly members: readonly string[];
  /** The shortest way around through the first member that has one; the last name is the first again. */
  readonly path: readonly string[];
}

/**
 * Finds the circles of a graph: its strongly connected components of more than one node, and nodes that lead to themselves.
 *
 * @param graph edges to names that are not keys are left out
 * @returns one circle for each component, sorted by first member; empty where there is none
 * @see Tarjan: "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1(2), 1972
 */
export const findCircles = (graph: Graph): readonly Circle[] => {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: Circle[] = [];
  const next = (node: string) => (graph.get(node) ?? []).filter((to) => graph.has(to));

  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node)!);
    stack.push(node);
    for (const to of next(node)) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(to)!));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const members = stack.splice(stack.indexOf(node)).sort();
    if (members.length > 1 || next(node).includes(node)) circles.push({ members, path: shortestWay(members, next) });
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles.sort((a, b) => (a.members[0]! < b.members[0]! ? -1 : 1));
};

/** Breadth first from each member back to itself. */
const shortestWay = (members: readonly string[], next: (node: string) => readonly string[]): readonly string[] => {
  let best: readonly string[] = [];
  for (const start of members) {
    const seen = new Set<string>();
    let front: (readonly string[])[] = [[start]];
    while (front.length > 0 && (best.length === 0 || front[0]!.length < best.length)) {
      const further: (readonly string[])[] = [];
      for (const path of front) {
        for (const to of next(path.at(-1)!)) {
          if (to === start && (best.length === 0 || path.length + 1 < best.length)) best = [...path, to];
          if (members.includes(to) && !seen.has(to)) further.push([...path, to]);
          seen.add(to);
        }
      }
      front = further;
    }
  }
  return best;
};
