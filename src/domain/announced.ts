/** Where notes of deployments that GitHub was told of are, in the private folder of a run; one file each. */
export const ANNOUNCED = 'announced';

/** A deployment that was made on GitHub, for whoever clears up after a run that was killed. No secret is in it. */
export interface AnnouncedDeployment {
  /** `owner/name` */
  readonly repository: string;
  readonly id: number;
  readonly environment: string;
  /** What is to be said of it if nobody said how it ended. */
  readonly description: string;
  readonly logUrl: string;
  readonly environmentUrl?: string;
}

/** A note as it was written; `undefined` when it is none, as of a run that was killed while it wrote. */
export function announcedIn(text: string): AnnouncedDeployment | undefined {
  try {
    const note = JSON.parse(text) as Partial<AnnouncedDeployment>;
    const texts = [note.repository, note.environment, note.description, note.logUrl];
    const isWhole = texts.every((field) => typeof field === 'string') && Number.isSafeInteger(note.id);
    return isWhole ? (note as AnnouncedDeployment) : undefined;
  } catch {
    return undefined;
  }
}
