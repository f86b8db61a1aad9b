/**
 * Milliseconds on a clock that only goes forward. That of `performance` is no other, but loads ten modules of Node when
 * it is first used.
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1_000_000;
}
