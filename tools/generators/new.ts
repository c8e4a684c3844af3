// `npm run new -- package <name> [--description "…"]` and `npm run new -- task <name>`.
import { parseArgs } from 'node:util';
import { workspaceRoot } from '../workspace/packages.ts';
import { newPackage } from './new-package.ts';
import { newTask } from './new-task.ts';

const usage = `Usage:
  npm run new -- package <name> [--description "what it is"]
  npm run new -- task <name>`;

const run = async (): Promise<readonly string[]> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { description: { type: 'string' } } });
  const [kind, name, ...rest] = positionals;
  if (!name || rest.length > 0) throw new Error(usage);
  if (kind === 'package')
    return newPackage(workspaceRoot, name, values.description === undefined ? {} : { description: values.description });
  if (kind === 'task') return newTask(workspaceRoot, name);
  throw new Error(`new: expected \`package\` or \`task\`, got \`${String(kind)}\`\n${usage}`);
};

try {
  const written = await run();
  console.log(written.map((path) => `wrote ${path}`).join('\n'));
  console.log(`next: ${process.argv[2] === 'package' ? 'npm install && npm run complete-lock' : 'npm run options'}`);
  console.log('next: npm run exports -- --update, then npm test');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
