/**
 * As `Promise.all`, but nothing goes on behind the caller's back: when one piece of work throws, the others
 * are waited for before that is thrown. A run that was interrupted removes its private folder; work that still
 * went on would make it anew.
 */
export async function together<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;
export async function together<T>(work: Iterable<T | Promise<T>>): Promise<T[]>;
export async function together(work: Iterable<unknown>): Promise<unknown[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
