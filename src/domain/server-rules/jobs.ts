import { type Fields, fields } from '../diagnosis/reading.ts';
import { cronFault } from './cron-schedule.ts';
import { isEmptySelector } from './labels.ts';
import { below, fault, isGiven, missing, type ServerFault, shown } from './server-fault.ts';

const NOT_NEGATIVE = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'];

/** k8s.io/kubernetes, pkg/apis/batch/validation: ValidateJobSpec. */
export function jobFaults({ spec }: Fields): ServerFault[] {
  const { selector, manualSelector } = fields(spec);
  const own = ofSpec(fields(spec), ['spec']);
  if (!isGiven(selector) || isEmptySelector(selector) || manualSelector === true) return own;
  return [...own, fault('schema/value', ['spec', 'selector'], 'is made by the server, unless manualSelector is true')];
}

export function cronJobFaults({ spec: given }: Fields): ServerFault[] {
  const spec = fields(given);
  const { schedule, timeZone, jobTemplate } = spec;
  const why = typeof schedule === 'string' ? cronFault(schedule) : undefined;
  return [
    ...(why === undefined
      ? []
      : [fault('schema/format', ['spec', 'schedule'], `${shown(String(schedule))} is no schedule: ${why}`)]),
    ...zoneFault(timeZone),
    ...['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'].flatMap((key) =>
      below(spec[key], 0, ['spec', key]),
    ),
    ...ofSpec(fields(fields(jobTemplate).spec), ['spec', 'jobTemplate', 'spec']),
  ];
}

function ofSpec(spec: Fields, path: readonly string[]): ServerFault[] {
  const faults = NOT_NEGATIVE.flatMap((key) => below(spec[key], 0, [...path, key]));
  // Without either of them both are 1.
  if (spec.completionMode === 'Indexed' && isGiven(spec.parallelism) && !isGiven(spec.completions))
    faults.push(missing([...path, 'completions'], 'the completionMode is Indexed'));
  return faults;
}

function zoneFault(zone: unknown): ServerFault[] {
  if (typeof zone !== 'string') return [];
  const refused = (message: string): ServerFault[] => [fault('schema/value', ['spec', 'timeZone'], message)];
  if (zone === '') return refused('is empty');
  if (/^local$/i.test(zone)) return refused('must be named: Local is another on each machine');
  // Names of the database that JavaScript doesn't know.
  if (/^(?:posix|right)\/|^(?:Factory|localtime|posixrules)$/.test(zone)) return [];
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
    // To the server a zone is a file: upper and lower case matter, and so does its being a name.
    const isOther = known !== zone && known.toLowerCase() === zone.toLowerCase();
    return isOther || /^[+-]/.test(zone) ? refused(`${shown(zone)} is no time zone by name`) : [];
  } catch {
    return refused(`${shown(zone)} is no time zone`);
  }
}
