// `npm pack` of one folder into another.
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';

/** The npm that runs this script, or the one in PATH. */
export const npmCommand = () => (process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']);

/** Packs `directory` and returns the tarball's path and the paths of the files in it. Throws when npm fails. */
export const packPackage = async (directory, destination) => {
  const [npm, ...first] = npmCommand();
  const args = [...first, 'pack', '--json', '--ignore-scripts', '--loglevel=silent', '--pack-destination', destination];
  const { status, output } = await runCommand(npm, args, { cwd: directory });
  const begin = output.search(/[[{]/);
  if (status !== 0 || begin < 0) throw new Error(`npm pack failed in ${directory} (exit ${status}):\n${output}`);
  const answer = JSON.parse(output.slice(begin, Math.max(output.lastIndexOf(']'), output.lastIndexOf('}')) + 1));
  const packed = Array.isArray(answer) ? answer[0] : Object.values(answer)[0];
  return { tarball: join(destination, packed.filename), files: packed.files.map((file) => file.path) };
};
