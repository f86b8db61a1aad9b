/** How a face that is read on a terminal marks its words; each leaves the text itself as it is. */
export interface Paint {
  readonly bad: (text: string) => string;
  readonly odd: (text: string) => string;
  readonly good: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const asIs = (text: string): string => text;

/** For logs, files and NO_COLOR. */
export const PLAIN: Paint = { bad: asIs, odd: asIs, good: asIs, faint: asIs, strong: asIs };
