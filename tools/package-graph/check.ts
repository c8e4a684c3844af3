// `npm run graph`: exits with 1 and one line per offence when a package goes through a door that is not there.
import { readPackages, workspaceRoot } from '../workspace/packages.ts';
import { checkPackageGraph, packageGraphHints } from './check-package-graph.ts';

const problems = checkPackageGraph(workspaceRoot);
for (const hint of packageGraphHints(workspaceRoot)) console.log(`hint: ${hint}`);
for (const problem of problems) console.error(problem);
const count = readPackages().length;
console.log(
  problems.length === 0
    ? `package graph: ${count} packages, every import goes through a door`
    : `package graph: ${problems.length} offences`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
