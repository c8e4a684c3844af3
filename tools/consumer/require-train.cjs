// Copied into the consumer's folder: the command called from CommonJS, which loads what the command line alone would load later.
const { runCli } = require('selfsup');

const argv =
  'train --task simclr --data shapes --limit 16 --test-limit 8 --image-size 16 --batch-size 8 --epochs 1 --no-report --overwrite --out required';
runCli(argv.split(' ')).then((code) => process.exit(code));
