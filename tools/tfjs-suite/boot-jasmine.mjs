import jasmineCore from 'jasmine-core';

/** The one jasmine environment; `describe`, `it`, `expect` and the rest are global from here on. */
export const jasmineEnv = jasmineCore.boot(jasmineCore).getEnv();
