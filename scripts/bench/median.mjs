/** The middle of a list of numbers, to a thousandth; the upper one of two. */
export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) * 1000) / 1000;
}
