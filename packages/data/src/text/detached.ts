/** A copy of a short string that shares no memory with the text it was cut from: a slice would keep all of that alive. */
export function detached(slice: string): string {
  const units = new Array<number>(slice.length);
  for (let i = 0; i < slice.length; i++) units[i] = slice.charCodeAt(i);
  return String.fromCharCode(...units);
}
