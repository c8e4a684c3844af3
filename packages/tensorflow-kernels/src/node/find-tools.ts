import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { SelfsupError } from '@selfsup/core';

/** Where modules are looked for: the project that the program was started in, then beside this package. */
const starts = (): string[] => [`${process.cwd()}/`, import.meta.url];

/** The folder of an installed package, or nothing. */
function packageFolder(name: string): string | undefined {
  for (const start of starts())
    try {
      return dirname(createRequire(start).resolve(`${name}/package.json`));
    } catch {
      // not there
    }
  return undefined;
}

/**
 * The folder of tfjs-node, or of tfjs-node-gpu where that is installed.
 *
 * @throws SelfsupError `SELFSUP_BACKEND` where neither is installed
 */
export function findTfjsNodeFolder(): string {
  const folder = packageFolder('@tensorflow/tfjs-node-gpu') ?? packageFolder('@tensorflow/tfjs-node');
  if (folder !== undefined) return folder;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    'buildTensorflowBinding: @tensorflow/tfjs-node is not installed; run `npm install --ignore-scripts @tensorflow/tfjs-node` (its own download is not needed)',
  );
}

/**
 * The C++ compiler.
 *
 * @param wanted a command; default `$CXX`, then c++, g++, clang++
 * @throws SelfsupError `SELFSUP_BACKEND` where none answers
 */
export function findCompiler(wanted?: string): string {
  const asked = wanted ?? process.env['CXX'];
  const candidates = asked ? [asked] : ['c++', 'g++', 'clang++'];
  for (const candidate of candidates)
    try {
      execFileSync(candidate, ['--version'], { stdio: 'ignore' });
      return candidate;
    } catch {
      // not there
    }
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    `buildTensorflowBinding: no C++ compiler answers to ${candidates.join(', ')}; install one ` +
      '(Debian and Ubuntu: `apt-get install g++`, macOS: `xcode-select --install`), or name it with `compiler`',
  );
}

/**
 * The folder of `node_api.h`. Headers of any Node serve: the interface is the same for all.
 *
 * @param wanted a folder that is looked at first and alone
 * @throws SelfsupError `SELFSUP_BACKEND` where it is not found
 */
export function findNodeHeaders(wanted?: string): string {
  const [home, version] = [homedir(), process.versions.node];
  const api = packageFolder('node-api-headers');
  const candidates =
    wanted === undefined
      ? [
          ...(process.env['npm_config_nodedir'] === undefined ? [] : [join(process.env['npm_config_nodedir'], 'include/node')]),
          join(dirname(process.execPath), '../include/node'),
          ...(api === undefined ? [] : [join(api, 'include')]),
          '/usr/include/node',
          '/usr/local/include/node',
          join(home, '.cache/node-gyp', version, 'include/node'),
          join(home, 'Library/Caches/node-gyp', version, 'include/node'),
        ]
      : [wanted, join(wanted, 'include/node'), join(wanted, 'include')];
  const found = candidates.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found !== undefined) return found;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    `buildTensorflowBinding: no node_api.h in ${candidates.join(', ')}; run \`npm install --save-dev node-api-headers\`, or name the folder with \`nodeHeaders\``,
  );
}
