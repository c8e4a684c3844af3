// The command as a process of its own, from the sources.
import { INTERRUPTED, runCli } from 'selfsup';

const code = await runCli(process.argv.slice(2));
if (code === INTERRUPTED) process.exit(code); // whatever is still going on
process.exitCode = code;
