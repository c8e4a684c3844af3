/** The version of this package, as in package.json (a test compares them); run.json records it. */
export const version = '0.1.0';
