import { shown } from './server-fault.ts';

/** What a field may hold, and words for its numbers. */
interface FieldOfTime {
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}

const FIELDS: readonly FieldOfTime[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { least: 0, most: 6, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DESCRIPTORS = ['yearly', 'annually', 'monthly', 'weekly', 'daily', 'midnight', 'hourly'];

/** Why a CronJob can't have this schedule, as github.com/robfig/cron/v3 reads the standard form; `undefined` where it can. */
export function cronFault(schedule: string): string | undefined {
  if (schedule === '') return 'it is empty';
  if (/TZ/.test(schedule)) return 'a time zone belongs into timeZone';
  if (schedule.startsWith('@')) {
    if (schedule.startsWith('@every '))
      return isDuration(schedule.slice('@every '.length)) ? undefined : 'behind @every stands a duration such as 90s';
    return DESCRIPTORS.includes(schedule.slice(1))
      ? undefined
      : `of those with @ there are ${DESCRIPTORS.join(', ')} and every`;
  }
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) return `it has ${fields.length} fields, and five are asked for`;
  for (const [index, bounds] of FIELDS.entries()) {
    const field = fields[index] ?? '';
    // Nothing between two commas is passed over.
    for (const part of field.split(',').filter((each) => each !== '')) {
      const why = partFault(part, bounds);
      if (why !== undefined) return `${shown(field)} as its ${ORDINALS[index]} ${why}`;
    }
  }
  return undefined;
}

const ORDINALS = ['minute', 'hour', 'day of the month', 'month', 'day of the week (0 is Sunday)'];

/** `*`, `5`, `1-5`, a slash and a step behind it. */
function partFault(part: string, { least, most, words }: FieldOfTime): string | undefined {
  const [range = '', step, ...rest] = part.split('/');
  const [from = '', to, ...more] = range.split('-');
  if (rest.length > 0) return 'has two slashes';
  if (step !== undefined && !(/^\+?\d+$/.test(step) && Number(step) > 0)) return 'has a step that is no number above 0';
  const isAll = from === '*' || from === '?';
  // What stands behind it but a step is passed over.
  if (isAll) return undefined;
  if (more.length > 0) return 'has two dashes';
  const numbers = [from, to ?? from].map((each) => {
    const word = words?.indexOf(each.toLowerCase()) ?? -1;
    return word >= 0 ? word + least : /^\+?\d+$/.test(each) ? Number(each) : Number.NaN;
  });
  const [first = 0, last = 0] = numbers;
  if (numbers.some(Number.isNaN)) return 'is no number';
  // With a step and no end it goes on to the last.
  if (first < least || last > most) return `is not from ${least} to ${most}`;
  return first > last ? 'begins behind its end' : undefined;
}

/** As Go's time.ParseDuration takes it; what is shorter than a second becomes one. */
function isDuration(text: string): boolean {
  return /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|[u\u00b5\u03bc]s|ms|s|m|h))+)$/.test(text);
}
