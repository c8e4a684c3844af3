import { library } from '../../tools/presets/tsup.ts';

// the command itself is only ever run as ESM, and waits at its top level
// shims: in CommonJS, too, it looks for what lies beside it
export default [library({ shims: true }), library({ entry: ['src/bin.ts'], format: ['esm'], dts: false, clean: false })];
