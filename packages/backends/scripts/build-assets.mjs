// Bundles tfjs-core's gradient definitions into assets/gradients.mjs. tfjs-core's Node build registers none and its package cannot be
// deep-imported in Node (extensionless ESM). The bundle carries a second copy of the ops it uses; that is harmless, because the engine
// and the gradient registry live on globalThis and are shared by all copies of one version.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('..', import.meta.url));
const core = dirname(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core')));
mkdirSync(join(here, 'assets'), { recursive: true });
await build({
  entryPoints: [join(core, 'dist/register_all_gradients.js')],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  legalComments: 'eof',
  logLevel: 'warning',
  outfile: join(here, 'assets/gradients.mjs'),
});
