import { shared } from '../../tools/presets/vitest.ts';

// its tests change nothing that outlives a file, so that files may share a worker
export default shared({ isolate: false });
