import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the tests of a run one folder for all that they and the processes that they start write into the temporary folder, and takes it away at the end. */
export default function setUp(): () => void {
  const scratch = mkdtempSync(join(tmpdir(), 'selfsup-tests-'));
  chmodSync(scratch, 0o755); // tests of what may not be read do it as another user
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = scratch; // POSIX has the first, Windows the others
  return () => {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
}
