import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js';
import boot from 'jasmine-core/lib/jasmine-core/node_boot.js';

/** The one jasmine environment; `describe`, `it`, `expect` and the rest are global from here on. */
export const jasmineEnv = boot(jasmineRequire).getEnv();
