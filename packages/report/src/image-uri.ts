const IMAGE = /^data:image\/[\w.+-]+[;,]/i;

/** Whether a picture is in the text itself, so that nothing need be loaded. */
export const isImageUri = (uri: string): boolean => IMAGE.test(uri);
