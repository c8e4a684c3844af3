/**
 * A cell of a CSV file, as RFC 4180 has it: in quotes where it needs them.
 *
 * @param text its content
 * @returns what stands between the commas
 */
export const csvCell = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
