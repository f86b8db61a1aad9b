/** A duration as Go writes it: `90s`, `10m`, `1h30m`; at least a second, whole seconds. */
const DURATION = /^(?=.)(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?$/;

/** A day: timers take no more than 24 of them, and end at once when more is asked for. */
const LONGEST = 24 * 3600;

/** Seconds; `undefined` when the text is no duration, or one of no time or more than a day. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  const total = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return total > 0 && total <= LONGEST ? total : undefined;
}

/** `150` → `2m30s`. */
export function shownDuration(total: number): string {
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, Math.round(total % 60)];
  const parts = [hours > 0 && `${hours}h`, minutes > 0 && `${minutes}m`, seconds > 0 && `${seconds}s`];
  return parts.filter((part) => part !== false).join('') || '0s';
}
