/** A login for registries and repositories. Without a host it is for every registry of the request, and for nothing else. */
export interface Credential {
  readonly host?: string;
  readonly username: string;
  readonly password: string;
}
