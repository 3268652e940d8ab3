/** 1,234,567 */
export const grouped = (value: number | null | undefined): string => (value === null || value === undefined ? "?" : value.toLocaleString("en"));

/** 0.4 s, 90 s, 12 min, 3 h, 2 d: what a person needs of it. */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "?";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

/** A time of the API in this browser's time zone, written as logs write it: 30/11 and 11/30 are read differently. */
export function when(text: string | null): string {
  if (!text) return "–";
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toLocaleString("sv-SE");
}

/** How a word is written between quotes for a shell. */
export const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
