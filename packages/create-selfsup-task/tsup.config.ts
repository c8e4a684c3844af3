import { library } from '../../tools/presets/tsup.ts';

// the command itself is only ever run as ESM
export default [library({ shims: true }), library({ entry: ['src/bin.ts'], format: ['esm'], dts: false, clean: false })];
