import { readArchive } from '../../domain/archive.ts';
import type { ChartFile } from '../../domain/chart.ts';
import { ARCHIVE_LIMITS } from '../../domain/limits.ts';
import type { Session } from './session.ts';
import { done, failed, type Step } from './step.ts';

/** The files of a package. */
export async function packedFiles(path: string, session: Session): Promise<Step<readonly ChartFile[]>> {
  const bytes = await session.files.read(path, ARCHIVE_LIMITS.packedBytes);
  const archive = bytes && (await readArchive(bytes));
  if (archive?.ok) return done(archive.files);
  const why = archive === undefined ? 'is not there' : archive.reason;
  return failed({ code: 'package', message: `the package ${why}` });
}
