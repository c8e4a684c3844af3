import { library } from '../../tools/presets/tsup.ts';

// the command itself is only ever run as ESM, and waits at its top level
export default [library(), library({ entry: ['src/bin.ts'], format: ['esm'], dts: false, clean: false })];
