/** A number without fraction, with commas. */
export const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** Seconds as `4.8 s`, `48 s`, `2 min 05 s` or `1 h 04 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${two(rounded % 60)} s`;
  return `${Math.floor(rounded / 3600)} h ${two(Math.floor((rounded % 3600) / 60))} min`;
}

/** A number with its unit. */
export const unitValue = (value: number, unit: string) => (unit === '%' ? `${value.toFixed(1)} %` : `${value.toFixed(3)} ${unit}`);
