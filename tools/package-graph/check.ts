// `npm run graph`: exits with 1 and one line per offence when a package goes through a door that is not there or files import each other in a circle.
import { readPackages, workspaceRoot } from '../workspace/packages.ts';
import { checkPackageGraph } from './check-package-graph.ts';

const { problems, warnings } = checkPackageGraph(workspaceRoot);
for (const warning of warnings) console.warn(`warning: ${warning}`);
for (const problem of problems) console.error(problem);
const count = readPackages().length;
console.log(
  problems.length === 0
    ? `package graph: ${count} packages, every import goes through a door, ${warnings.length} warnings`
    : `package graph: ${problems.length} offences`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
