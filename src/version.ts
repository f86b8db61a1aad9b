/** Chartship's own version; the build replaces it by package.json's. */
declare const CHARTSHIP_VERSION: string | undefined;
export const VERSION: string = typeof CHARTSHIP_VERSION === 'string' ? CHARTSHIP_VERSION : 'development';
